use super::*;
use futures_util::task::noop_waker;
use serde_json::{Value, json};
use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll};

/// Answers once `open` is set, and keeps what it was asked.
#[derive(Default)]
struct Database {
    open: Cell<bool>,
    away: Cell<Option<ErrorCode>>,
    calls: RefCell<Vec<Vec<String>>>,
}

impl Rpc for Database {
    async fn call(&self, function: &str, arguments: &str) -> Result<String, QueueError> {
        assert_eq!(function, "email_queue_record_events");
        let arguments: Value = serde_json::from_str(arguments).unwrap();
        let events = arguments["p_events"].as_array().unwrap();
        let ids = events
            .iter()
            .map(|it| it["id"].as_str().unwrap().to_owned());
        let ids: Vec<String> = ids.collect();
        self.calls.borrow_mut().push(ids.clone());
        poll_fn(|_| match self.open.get() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
        if let Some(code) = self.away.get() {
            return Err(QueueError::new(code, "away"));
        }
        let results = ids.iter().map(|id| json!({"id": id, "result": "recorded"}));
        Ok(json!({ "results": results.collect::<Vec<_>>() }).to_string())
    }
}

struct World {
    database: Rc<Database>,
    batches: Batches<Database>,
    failures: Rc<Cell<usize>>,
}

fn world() -> World {
    let database = Rc::new(Database::default());
    let failures = Rc::new(Cell::new(0));
    let told = failures.clone();
    World {
        batches: Batches::new(database.clone(), move |_| told.set(told.get() + 1)),
        database,
        failures,
    }
}

fn event(id: usize) -> ProviderEvent {
    ProviderEvent {
        id: format!("msg_{id}"),
        kind: "email.sent".to_owned(),
        occurred_at: "2026-11-26T20:00:00Z".to_owned(),
        provider_message_id: None,
        message_id: None,
        mark: None,
        recipients: Vec::new(),
        detail: Default::default(),
    }
}

type Waiting = std::pin::Pin<Box<dyn Future<Output = Result<Recorded, Failure>>>>;

impl World {
    /// Those that are taken, each after one look at it.
    fn enter(&self, ids: std::ops::Range<usize>) -> Vec<Waiting> {
        let waiting = ids.filter_map(|id| {
            let mut waiting: Waiting = Box::pin(self.batches.enter(event(id))?.result());
            assert_eq!(look(&mut waiting), None);
            Some(waiting)
        });
        waiting.collect()
    }

    fn sizes(&self) -> Vec<usize> {
        self.database.calls.borrow().iter().map(Vec::len).collect()
    }
}

/// The event's id, or the error.
fn look(waiting: &mut Waiting) -> Option<Result<String, ErrorCode>> {
    let waker = noop_waker();
    match pin!(waiting).poll(&mut Context::from_waker(&waker)) {
        Poll::Pending => None,
        Poll::Ready(Ok(recorded)) => Some(Ok(recorded.id)),
        Poll::Ready(Err(failure)) => Some(Err(failure.0.code)),
    }
}

#[test]
fn what_comes_during_a_call_goes_with_the_next_one() {
    let world = world();
    let mut waiting = world.enter(0..250);
    assert_eq!(world.sizes(), [1], "one call at a time");
    world.database.open.set(true);
    for (id, waiting) in waiting.iter_mut().enumerate() {
        assert_eq!(
            look(waiting),
            Some(Ok(format!("msg_{id}"))),
            "its own result"
        );
    }
    assert_eq!(world.sizes(), [1, 100, 100, 49]);
    let mut later: Waiting = Box::pin(world.batches.enter(event(7)).unwrap().result());
    assert_eq!(look(&mut later), Some(Ok("msg_7".to_owned())));
    assert_eq!(world.sizes(), [1, 100, 100, 49, 1]);
}

#[test]
fn so_many_wait_and_no_more() {
    let world = world();
    let mut waiting = world.enter(0..5000);
    assert_eq!(waiting.len(), 1 + MOST * MOST_WAITING);
    assert!(world.batches.enter(event(0)).is_none());
    world.database.open.set(true);
    assert!(look(waiting.last_mut().unwrap()).is_some());
    assert!(world.batches.enter(event(0)).is_some());
}

#[test]
fn those_who_wait_behind_a_call_without_a_database_are_told_at_once() {
    let world = world();
    let mut waiting = world.enter(0..250);
    world.database.away.set(Some(ErrorCode::Unavailable));
    world.database.open.set(true);
    for waiting in &mut waiting {
        assert_eq!(look(waiting), Some(Err(ErrorCode::Unavailable)));
    }
    assert_eq!(
        (world.sizes(), world.failures.get()),
        (vec![1], 1),
        "it is said once"
    );
    world.database.away.set(None);
    let mut later: Waiting = Box::pin(world.batches.enter(event(7)).unwrap().result());
    assert_eq!(
        look(&mut later),
        Some(Ok("msg_7".to_owned())),
        "and the next one tries again"
    );
}

#[test]
fn a_call_that_is_refused_says_nothing_of_the_next_one() {
    let world = world();
    let mut waiting = world.enter(0..3);
    world.database.away.set(Some(ErrorCode::Database));
    world.database.open.set(true);
    assert_eq!(look(&mut waiting[0]), Some(Err(ErrorCode::Database)));
    world.database.away.set(None);
    assert_eq!(look(&mut waiting[1]), Some(Ok("msg_1".to_owned())));
    assert_eq!(world.sizes(), [1, 2]);
}
