//! A domain, an endpoint or the provider that is down, and answers lost at random.

use super::{HOUR, MINUTE, mail, run, seconds};
use crate::support::{Behaviour, SeededRandom, World};
use email_queue::base::Random;
use email_queue::protocol::Endpoint;
use email_queue::worker::Clock;
use futures_util::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Mail of each domain comes once in `every`, until the end.
async fn mail_of<'a>(
    world: &'a World,
    domain: &'a str,
    alone: bool,
    every: Duration,
    until: Duration,
    ids: &'a std::cell::RefCell<Vec<(String, Duration)>>,
) {
    let mut index = 0;
    while world.now() < until {
        let id = world.enqueue(mail(index, domain, false, alone));
        ids.borrow_mut().push((id, world.now()));
        index += 1;
        world.clock.sleep(every).await;
    }
}

/// Waits of messages from enqueue to the request that was answered, shortest first; those never sent are left out.
fn waits(
    world: &World,
    ids: &[(String, Duration)],
    answered: impl Fn(&crate::support::Request) -> bool,
) -> Vec<Duration> {
    let mut sent = BTreeMap::new();
    for request in world
        .mailer
        .requests
        .borrow()
        .iter()
        .filter(|request| answered(request))
    {
        for id in request.ids() {
            sent.entry(id).or_insert(request.at);
        }
    }
    let mut waits: Vec<Duration> = ids
        .iter()
        .filter_map(|(id, at)| Some(*sent.get(id)? - *at))
        .collect();
    waits.sort();
    waits
}

fn is_from(request: &crate::support::Request, domain: &str) -> bool {
    let from = request.emails()[0]["from"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    from.trim_end_matches('>').ends_with(domain)
}

#[test]
#[cfg_attr(debug_assertions, ignore = "optimized, by scripts/test model")]
fn a_domain_that_is_down_is_in_nobodys_way() {
    for runs in [1, 2] {
        for (every, alone) in [
            (seconds(1), false),
            (seconds(30), false),
            (seconds(1), true),
        ] {
            let world = World::default();
            let (began, up) = (world.now(), world.now() + HOUR);
            world.mailer.behave(move |request| {
                match is_from(request, "down.example") && request.at < up {
                    true => Behaviour::TimeoutBefore,
                    false => Behaviour::Honest,
                }
            });
            let (healthy, down) = (Default::default(), Default::default());
            let until = began + HOUR + 10 * MINUTE;
            let enqueues = async {
                futures_util::join!(
                    mail_of(&world, "up.example", alone, every, until, &healthy),
                    mail_of(&world, "down.example", alone, seconds(1), until, &down),
                );
            };
            run(&world, runs, HOUR + 15 * MINUTE, enqueues);
            let mut healthy = healthy.take();
            healthy.retain(|(_, at)| *at < up);
            let healthy_waits = waits(&world, &healthy, |request| is_from(request, "up.example"));
            assert_eq!(healthy_waits.len(), healthy.len());
            let p99 = healthy_waits[healthy_waits.len() * 99 / 100];
            let requests = world.mailer.requests.borrow();
            let frozen: BTreeSet<_> = requests
                .iter()
                .filter(|r| is_from(r, "down.example") && r.at < up)
                .map(|r| &r.key)
                .collect();
            let first = requests
                .iter()
                .find(|r| is_from(r, "down.example") && r.at >= up)
                .unwrap()
                .at
                - up;
            println!(
                "one of two domains down for an hour, {runs} runs, mail every {every:?}, {}: healthy p99 {p99:?}, longest {:?}; {} dispatches of the other frozen, tried again {first:?} after it was up",
                if alone { "single" } else { "batch" },
                healthy_waits.last().unwrap(),
                frozen.len(),
            );
            assert!(p99 < 2 * MINUTE);
        }
    }
}

/// Frozen dispatches at the end of an outage, and how long after it the backlog that was due is gone.
fn outage(name: &str, runs: usize, domains: usize, batch_only: bool) {
    let world = World::default();
    let (began, up) = (world.now(), world.now() + 6 * HOUR);
    world.mailer.behave(move |request| {
        match request.at < up && (!batch_only || request.endpoint == Endpoint::Batch) {
            true => Behaviour::TimeoutBefore,
            false => Behaviour::Honest,
        }
    });
    let ids = std::cell::RefCell::default();
    let names: Vec<String> = (0..domains).map(|n| format!("shop{n}.example")).collect();
    let enqueues = join_all(names.iter().flat_map(|name| {
        let every = seconds(20) * u32::try_from(domains).unwrap();
        [false, true].map(|alone| mail_of(&world, name, alone, every, up, &ids))
    }));
    run(&world, runs, 6 * HOUR + 20 * MINUTE, async {
        enqueues.await;
    });
    let requests = world.mailer.requests.borrow();
    let failed =
        |r: &&crate::support::Request| r.at < up && (!batch_only || r.endpoint == Endpoint::Batch);
    let frozen: BTreeSet<_> = requests.iter().filter(failed).map(|r| &r.key).collect();
    // Waits of 1, 2, 4 … 256 s, then of 300 s.
    let bound = 4 * runs + 9 + (6 * 3600 - 511) / 300;
    let first = requests
        .iter()
        .find(|r| r.at >= up && !frozen.contains(&r.key))
        .unwrap()
        .at
        - up;
    let all = ids.take();
    let sent = waits(&world, &all, |r| !failed(&r));
    println!(
        "{name} down for six hours, {runs} runs, {domains} domains: {} dispatches frozen of {bound}, fresh mail {first:?} after it was up, {} of {} sent 20 min after",
        frozen.len(),
        sent.len(),
        all.len(),
    );
    assert!(frozen.len() <= bound);
    assert!(began + 6 * HOUR + 6 * MINUTE > up + first);
}

#[test]
#[cfg_attr(debug_assertions, ignore = "optimized, by scripts/test model")]
fn an_outage_freezes_no_more_than_its_probes() {
    for runs in [1, 2] {
        for domains in [1, 20] {
            outage("everything", runs, domains, false);
            outage("/emails/batch", runs, domains, true);
        }
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "optimized, by scripts/test model")]
fn answers_lost_at_random_cost_no_more_than_their_replays() {
    for (alone, count) in [(false, 10_000), (true, 3000)] {
        let [whole, lossy] = [0.0, 0.05].map(|lost| {
            let mut world = World::default();
            world.config.messages = 100_000;
            for index in 0..count {
                world.enqueue(mail(index, "shop.example", false, alone));
            }
            let random = SeededRandom::new(5);
            world.mailer.behave(move |_| match random.unit() < lost {
                true => Behaviour::LostAnswer,
                false => Behaviour::Honest,
            });
            run(&world, 2, 20 * MINUTE, async {});
            let requests = world.mailer.requests.borrow();
            let mut keys = BTreeSet::new();
            // The first request of the last message, without the slots that replays took.
            let mut replays = 0;
            let mut last = Duration::ZERO;
            for request in requests.iter() {
                match keys.insert(request.key.clone()) {
                    true => last = request.at,
                    false => replays += 1,
                }
            }
            let time = last - requests[0].at;
            println!(
                "{count} {}, {lost} lost: {time:?}, {} requests, {replays} replays",
                if alone { "singles" } else { "in batches" },
                requests.len()
            );
            (time, replays)
        });
        let (time, _) = lossy;
        let ratio = whole.0.as_secs_f64() / time.as_secs_f64();
        println!("throughput with 5 % lost: {ratio:.3} of that without");
        assert!(ratio >= 0.95, "{ratio}");
    }
}
