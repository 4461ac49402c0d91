//! Calls with the first of several keys that is accepted: a revoked key may still be in the environment.

use crate::base::{ErrorCode, QueueError};
use crate::protocol::Rpc;
use std::cell::Cell;

/// An RPC for each key, with the key's name; never with the key.
pub struct Keys<R> {
    rpcs: Vec<(String, R)>,
    /// The one that was taken last: it goes first.
    taken: Cell<usize>,
    /// Is told the name of a key that is refused where another is taken in its place.
    refused: Box<dyn Fn(&str)>,
}

impl<R: Rpc> Keys<R> {
    /// The keys are tried in this order.
    pub fn new(rpcs: Vec<(String, R)>, refused: impl Fn(&str) + 'static) -> Self {
        Self {
            rpcs,
            taken: Cell::new(0),
            refused: Box::new(refused),
        }
    }
}

impl<R: Rpc> Rpc for Keys<R> {
    /// A call that is refused for its key has done nothing, so it can be said again with another.
    async fn call(&self, function: &str, arguments: &str) -> Result<String, QueueError> {
        let first = self.taken.get();
        let order = (first..self.rpcs.len()).chain(0..first);
        let mut names: Vec<&str> = Vec::new();
        let mut why = None;
        for index in order {
            let Some((name, rpc)) = self.rpcs.get(index) else {
                continue;
            };
            match rpc.call(function, arguments).await {
                Err(error) if error.code == ErrorCode::Unauthorized => {
                    names.push(name);
                    why.get_or_insert(error);
                }
                answer => {
                    // No answer says nothing of a key.
                    if !names.is_empty() && answer.as_ref().err().is_none_or(is_answer) {
                        self.taken.set(index);
                        names.iter().for_each(|name| (self.refused)(name));
                    }
                    return answer;
                }
            }
        }
        let message = format!(
            "no key may call {function}: {} refused; use a secret key of this project",
            match names.as_slice() {
                [one] => format!("{one} is"),
                many => format!("{} are", many.join(", ")),
            }
        );
        let error = QueueError::new(ErrorCode::Unauthorized, message);
        Err(match why.and_then(|why| why.cause) {
            Some(cause) => error.because(&cause),
            None => error,
        })
    }
}

fn is_answer(error: &QueueError) -> bool {
    !error.code.is_retryable()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::cell::RefCell;
    use std::rc::Rc;

    type Answers = Rc<RefCell<Vec<Result<(), ErrorCode>>>>;

    /// Gives its answers, the last one for ever; counts its calls.
    struct Key {
        answers: Answers,
        calls: Rc<Cell<usize>>,
    }

    impl Rpc for Key {
        async fn call(&self, _: &str, _: &str) -> Result<String, QueueError> {
            self.calls.set(self.calls.get() + 1);
            let mut answers = self.answers.borrow_mut();
            let answer = answers[0];
            if answers.len() > 1 {
                let _ = answers.remove(0);
            }
            answer
                .map(|()| "{}".to_owned())
                .map_err(|code| QueueError::new(code, "no").because("401 PGRST301 no"))
        }
    }

    struct World {
        keys: Keys<Key>,
        answers: Vec<Answers>,
        calls: Vec<Rc<Cell<usize>>>,
        refused: Rc<RefCell<Vec<String>>>,
    }

    fn world(answers: &[Result<(), ErrorCode>]) -> World {
        let answers: Vec<Answers> = answers
            .iter()
            .map(|answer| Rc::new(RefCell::new(vec![*answer])))
            .collect();
        let calls: Vec<_> = answers.iter().map(|_| Rc::default()).collect();
        let rpcs = answers.iter().zip(&calls).enumerate();
        let rpcs = rpcs.map(|(index, (answers, calls))| {
            let (answers, calls) = (answers.clone(), Rc::clone(calls));
            (format!("key-{index}"), Key { answers, calls })
        });
        let refused: Rc<RefCell<Vec<String>>> = Rc::default();
        let told = refused.clone();
        World {
            keys: Keys::new(rpcs.collect(), move |name| {
                told.borrow_mut().push(name.to_owned())
            }),
            answers,
            calls,
            refused,
        }
    }

    impl World {
        fn call(&self) -> Result<String, QueueError> {
            self.keys.call("f", "{}").now_or_never().unwrap()
        }

        fn counts(&self) -> Vec<usize> {
            self.calls.iter().map(|calls| calls.get()).collect()
        }
    }

    const REVOKED: Result<(), ErrorCode> = Err(ErrorCode::Unauthorized);

    #[test]
    fn the_first_key_that_is_taken_is_remembered() {
        let world = world(&[REVOKED, REVOKED, Ok(()), Ok(())]);
        for _ in 0..3 {
            assert!(world.call().is_ok());
        }
        assert_eq!(world.counts(), [1, 1, 3, 0]);
        assert_eq!(*world.refused.borrow(), ["key-0", "key-1"]);
    }

    #[test]
    fn a_key_that_is_revoked_later_gives_way_to_any_other() {
        let world = world(&[REVOKED, Ok(())]);
        assert!(world.call().is_ok());
        *world.answers[0].borrow_mut() = vec![Ok(())];
        *world.answers[1].borrow_mut() = vec![REVOKED];
        for _ in 0..2 {
            assert!(world.call().is_ok());
        }
        assert_eq!(world.counts(), [3, 2]);
        assert_eq!(*world.refused.borrow(), ["key-0", "key-1"]);
    }

    #[test]
    fn where_all_are_refused_their_names_are_said() {
        for (answers, said) in [
            (&[REVOKED][..], "key-0 is refused"),
            (&[REVOKED; 3], "key-0, key-1, key-2 are refused"),
        ] {
            let world = world(answers);
            for round in 1..=2 {
                let error = world.call().unwrap_err();
                assert_eq!(error.code, ErrorCode::Unauthorized);
                assert!(error.message.contains(said), "{error}");
                assert_eq!(error.cause.as_deref(), Some("401 PGRST301 no"));
                assert_eq!(world.counts(), vec![round; answers.len()]);
            }
            assert!(world.refused.borrow().is_empty(), "no other was taken");
        }
    }

    #[test]
    fn only_a_refusal_has_another_key_tried() {
        for code in [
            ErrorCode::Unreachable,
            ErrorCode::Timeout,
            ErrorCode::Unavailable,
            ErrorCode::Database,
            ErrorCode::NotInstalled,
        ] {
            let world = world(&[Err(code), Ok(())]);
            assert_eq!(world.call().unwrap_err().code, code);
            assert_eq!(world.counts(), [1, 0]);
        }
    }

    #[test]
    fn a_key_that_had_no_answer_is_not_thought_taken() {
        let world = world(&[REVOKED, Err(ErrorCode::Unavailable), Ok(())]);
        assert!(world.call().is_err());
        *world.answers[0].borrow_mut() = vec![Ok(())];
        assert!(world.call().is_ok());
        assert_eq!(world.counts(), [2, 1, 0]);
        assert!(world.refused.borrow().is_empty());
    }
}
