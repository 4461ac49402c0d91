//! Requests that the provider never answers, among others.

use super::{MINUTE, mail, run, seconds};
use crate::support::{Behaviour, World};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

fn is_poison(email: &serde_json::Value) -> bool {
    email["to"][0]
        .as_str()
        .is_some_and(|to| to.starts_with("poison"))
}

#[derive(Debug, Clone, Copy)]
struct Poison {
    count: usize,
    good: usize,
    hangs: bool,
    alone: bool,
    domains: usize,
    runs: usize,
    /// All of it before the good mail, or evenly among it.
    at_head: bool,
}

/// How long the good message that waited longest waited, of those that never shared a request with poison; how many did share one.
fn wait_beside(poison: Poison) -> (Duration, usize) {
    let world = World::default();
    let Poison {
        count,
        good,
        hangs,
        alone,
        domains,
        runs,
        at_head,
    } = poison;
    let total = count + good;
    let began = world.now();
    let every = total / count;
    let mut ids = BTreeSet::new();
    for index in 0..total {
        let bad = match at_head {
            true => index < count,
            false => index % every == 0 && index / every < count,
        };
        let domain = format!("shop{}.example", index % domains);
        let id = world.enqueue(mail(index, &domain, bad, alone));
        if !bad {
            ids.insert(id);
        }
    }
    world.mailer.behave(
        move |request| match request.emails().iter().any(is_poison) {
            true if hangs => Behaviour::TimeoutBefore,
            true => Behaviour::Answers(500, "internal_server_error"),
            false => Behaviour::Honest,
        },
    );
    run(&world, runs, 2 * allowed(poison) + 10 * MINUTE, async {});
    let mut shared = BTreeSet::new();
    let mut sent = BTreeMap::new();
    for request in world.mailer.requests.borrow().iter() {
        match request.emails().iter().any(is_poison) {
            true => shared.extend(request.ids()),
            false => sent.extend(request.ids().into_iter().map(|id| (id, request.at))),
        }
    }
    let alone = ids.iter().filter(|id| !shared.contains(*id));
    let longest = alone
        .map(|id| *sent.get(id).expect("it was never sent") - began)
        .max();
    (longest.unwrap_or_default(), shared.len())
}

fn allowed(poison: Poison) -> Duration {
    let time = if poison.hangs {
        seconds(15)
    } else {
        Duration::from_millis(200)
    };
    time * u32::try_from(poison.count).unwrap() / 4 + 2 * MINUTE
}

fn show(poison: Poison) -> bool {
    let (longest, shared) = wait_beside(poison);
    let fits = longest <= allowed(poison);
    println!(
        "{:>3} poison {} {}, {} domains, {} runs, {}: longest wait {:>5.1} s of {:>5.1} s, {shared} shared{}",
        poison.count,
        if poison.at_head { "ahead" } else { "among" },
        if poison.hangs { "hang" } else { "500 " },
        poison.domains,
        poison.runs,
        if poison.alone { "single" } else { "batch " },
        longest.as_secs_f64(),
        allowed(poison).as_secs_f64(),
        if fits { "" } else { "  TOO LONG" },
    );
    fits
}

#[test]
#[cfg_attr(debug_assertions, ignore = "optimized, by scripts/test model")]
fn poison_does_not_hold_up_what_never_travelled_with_it() {
    let mut all = true;
    for count in [1, 3, 8, 20, 200] {
        for (hangs, alone) in [(false, false), (false, true), (true, false), (true, true)] {
            for (domains, runs) in [(1, 1), (1, 2), (5, 1), (5, 2)] {
                for at_head in [true, false] {
                    let poison = Poison {
                        count,
                        good: 500,
                        hangs,
                        alone,
                        domains,
                        runs,
                        at_head,
                    };
                    all &= show(poison) || count == 200;
                }
            }
        }
    }
    assert!(all);
}

/// Without the windows the first four alone would hold all places for as long as they hang, again and again.
#[test]
fn eight_that_hang_at_the_head_hold_up_nobody_else() {
    let poison = Poison {
        count: 8,
        good: 100,
        hangs: true,
        alone: true,
        domains: 1,
        runs: 1,
        at_head: true,
    };
    assert!(show(poison));
}
