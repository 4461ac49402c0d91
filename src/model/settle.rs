//! Settle: applies the worker's decision under its lease token.

use super::budget::Paused;
use super::credentials::hide_credentials;
use super::members::{hide_text, history, last_ten, stamp};
use super::store::{DispatchRow, MemberRow, Queue, domain_of, is_secret};
use crate::protocol::{
    Answer, End, MemberEnd, PauseScope, Reason, Rest, Settle, SettleResult, Settled, Signals,
};
use serde_json::Value;
use std::time::Duration;

impl Queue {
    pub(crate) fn settle(&mut self, now: Duration, settle: &Settle) -> Settled {
        let dispatch = self.dispatches.get(&settle.dispatch_id);
        if let Some(dispatch) = dispatch.filter(|dispatch| is_secret(&dispatch.lane)) {
            let own = !dispatch.begun && !dispatch.frozen;
            return self.settle_plainly(now, &without_texts(settle, own));
        }
        self.settle_plainly(now, settle)
    }

    fn settle_plainly(&mut self, now: Duration, settle: &Settle) -> Settled {
        let settled = |result, reason: Option<&str>| Settled {
            dispatch_id: settle.dispatch_id.clone(),
            result,
            reason: reason.map(str::to_owned),
        };
        let known = self.dispatches.get(&settle.dispatch_id);
        let Some(mut dispatch) = known.filter(|d| d.is_held(now, &settle.token)).cloned() else {
            let done = |d: &DispatchRow| {
                d.token.is_none() && d.last_token.as_deref() == Some(settle.token.as_str())
            };
            return match known.is_some_and(done) {
                true => settled(SettleResult::Already, None),
                false => settled(SettleResult::Lost, None),
            };
        };
        if self.is_kept_already(settle) {
            return settled(SettleResult::Already, None);
        }
        if let Some(fault) = fault(&dispatch, settle) {
            return settled(SettleResult::Invalid, Some(fault));
        }
        if dispatch.begun && !settle.counted {
            dispatch.attempt = dispatch.attempt.saturating_sub(1);
        }
        for MemberEnd { id, end } in &settle.members {
            match end {
                End::Completed {
                    provider_message_id,
                } => {
                    self.complete_member(now, &dispatch, id, Some(provider_message_id));
                    self.accept_domain(&dispatch.lane);
                }
                End::Failed { reason, error } => {
                    self.fail_members(
                        now,
                        &dispatch,
                        std::slice::from_ref(id),
                        *reason,
                        Some(error),
                    );
                }
            }
        }
        let named = |id: &String| settle.members.iter().any(|member| &member.id == id);
        let (named, rest): (Vec<String>, Vec<String>) = dispatch.ids().into_iter().partition(named);
        match settle.rest {
            Some(decision) if !rest.is_empty() => {
                self.settle_rest(now, &dispatch, settle, decision, &named, &rest);
            }
            _ => self.close(now, &dispatch.id),
        }
        if let Some(signals) = &settle.signals {
            self.apply(now, &dispatch, signals);
            self.judge(now, &dispatch, signals);
        }
        settled(SettleResult::Applied, None)
    }

    /// A repeated settle that took members out of a dispatch which went on with the others.
    fn is_kept_already(&self, settle: &Settle) -> bool {
        let ended = |id: &str| {
            let end = self
                .messages
                .get(id)
                .and_then(|message| message.end.as_ref());
            end.is_some_and(|end| end.dispatch_id.as_ref() == Some(&settle.dispatch_id))
        };
        settle.rest == Some(Rest::Keep)
            && !settle.members.is_empty()
            && settle.members.iter().all(|member| ended(&member.id))
    }

    fn settle_rest(
        &mut self,
        now: Duration,
        dispatch: &DispatchRow,
        settle: &Settle,
        decision: Rest,
        named: &[String],
        rest: &[String],
    ) {
        let error = settle.error.as_ref();
        let delay = settle.delay_ms.map(Duration::from_millis);
        match decision {
            Rest::Keep => return self.drop_members(now, &dispatch.id, named),
            Rest::Freeze => return self.freeze(now, dispatch, error, delay.unwrap_or_default()),
            Rest::Split => self.split(now, dispatch),
            Rest::Release => self.return_members(now, dispatch, rest, error, delay, false),
            Rest::Retry => {
                self.retry_members(now, dispatch, rest, error, delay.unwrap_or_default());
            }
            Rest::Complete => {
                for id in rest {
                    self.complete_member(now, dispatch, id, None);
                }
            }
            Rest::Fail => {
                let reason = match settle.answer {
                    Answer::Unknown => Reason::UnknownOutcome,
                    _ => settle.reason.unwrap_or(Reason::Rejected),
                };
                self.fail_members(now, dispatch, rest, reason, error);
            }
        }
        self.close(now, &dispatch.id);
    }

    /// Keeps a dispatch for its replay, or gives it up where attempts or horizon are used up.
    fn freeze(
        &mut self,
        now: Duration,
        decided: &DispatchRow,
        error: Option<&Value>,
        delay: Duration,
    ) {
        let Some(dispatch) = self.dispatches.get_mut(&decided.id) else {
            return;
        };
        let horizon = dispatch.horizon_at.unwrap_or(now);
        dispatch.frozen = true;
        dispatch.begun = false;
        dispatch.last_token = dispatch.token.take();
        dispatch.updated_at = now;
        dispatch.attempt = decided.attempt;
        dispatch.visible_at = (now + delay).min(horizon);
        dispatch.errors.extend(stamp(now, error, decided.attempt));
        dispatch.errors = last_ten(std::mem::take(&mut dispatch.errors));
        if dispatch.attempt >= dispatch.attempts_allowed || horizon <= now {
            self.abandon(now, &decided.id, None);
        } else {
            self.complete_evident(now, &decided.id);
        }
    }

    /// Halves a dispatch of which nothing was accepted. New ids, so new keys.
    fn split(&mut self, now: Duration, dispatch: &DispatchRow) {
        let members: Vec<MemberRow> = dispatch
            .members
            .iter()
            .map(|member| MemberRow {
                id: member.id.clone(),
                attempts: member.attempts + dispatch.attempt,
                errors: history(dispatch, member, None),
            })
            .collect();
        for half in members.chunks(members.len().div_ceil(2).max(1)) {
            let mut half = DispatchRow::new(
                self.new_id(),
                now,
                &dispatch.kind,
                &dispatch.lane,
                dispatch.priority,
                half.to_vec(),
            );
            self.measure(&mut half);
            // The smaller come first, as if they had waited longer.
            let sooner = 100_u64.saturating_sub(members.len() as u64);
            half.visible_at = now.saturating_sub(Duration::from_secs(sooner));
            self.dispatches.insert(half.id.clone(), half);
        }
    }

    /// What an answer says about the provider as a whole.
    fn apply(&mut self, now: Duration, dispatch: &DispatchRow, signals: &Signals) {
        let after = |ms: u64| now + Duration::from_millis(ms);
        let budget = &mut self.budget;
        budget.answered |= signals.answered == Some(true);
        if let Some(ms) = signals.cooldown_ms {
            budget.cooldown_until = budget.cooldown_until.max(Some(after(ms)));
            budget.cooldown_reason = signals.cooldown_reason.clone();
        }
        if let Some(limit) = signals.rate_limit.filter(|limit| *limit > 0) {
            budget.learned_limit = Some(limit);
        }
        let Some(pause) = &signals.pause else {
            return;
        };
        let length = pause.ms.map(Duration::from_millis);
        match pause.scope {
            PauseScope::Queue => {
                let paused = budget.paused.as_ref();
                if !paused.is_some_and(|paused| paused.holds(now)) {
                    budget.paused = Some(Paused::new(now, length, &pause.reason));
                }
            }
            PauseScope::Domain => {
                let domain = domain_of(&dispatch.lane);
                self.refuse_domain(now, domain, length, &pause.reason);
            }
        }
    }
}

/// The provider's texts about secret messages may quote them. `own`: no request has left, so that the texts are the worker's.
fn without_texts(settle: &Settle, own: bool) -> Settle {
    let mut settle = settle.clone();
    let members = settle.members.iter_mut();
    let failed = members.filter_map(|member| match &mut member.end {
        End::Failed { error, .. } => Some(error),
        End::Completed { .. } => None,
    });
    for error in failed.chain(&mut settle.error) {
        hide_text(error, own);
    }
    // Why the queue is held up stays on show, without what it may quote of the message.
    let signals = settle.signals.as_mut().map(|signals| {
        let pause = signals.pause.as_mut().map(|pause| &mut pause.reason);
        signals.cooldown_reason.iter_mut().chain(pause)
    });
    for reason in signals.into_iter().flatten() {
        *reason = hide_credentials(reason);
    }
    settle
}

/// Why a settle may not be applied. A dispatch that may have been sent gives its members back only on a definite answer,
/// and one that never begun cannot have been accepted.
fn fault(dispatch: &DispatchRow, settle: &Settle) -> Option<&'static str> {
    let Settle {
        answer,
        members,
        rest,
        ..
    } = settle;
    let is_member = |id: &str| dispatch.members.iter().any(|member| member.id == id);
    let is_named = |id: &str| members.iter().any(|member| member.id == id);
    let completes = *rest == Some(Rest::Complete)
        || (members.iter()).any(|member| matches!(member.end, End::Completed { .. }));
    let whole = matches!(rest, Some(Rest::Freeze | Rest::Split));
    if !members.iter().all(|member| is_member(&member.id)) {
        return Some("members must be of the dispatch, and completed or failed");
    }
    if rest.is_none() && !dispatch.members.iter().all(|member| is_named(&member.id)) {
        return Some("rest is missing and not every member is named");
    }
    if !dispatch.begun && (whole && !dispatch.frozen || completes || *answer == Answer::Definite) {
        return Some("the dispatch has not begun");
    }
    if whole && !members.is_empty() {
        return Some("it freezes or splits whole");
    }
    if dispatch.begun && *rest == Some(Rest::Keep) {
        return Some("the dispatch has begun");
    }
    let freezes_or_fails = matches!(rest, Some(Rest::Freeze | Rest::Fail));
    if *answer == Answer::Unknown && (!freezes_or_fails || !members.is_empty()) {
        return Some("an unknown answer freezes or fails the whole");
    }
    if *answer != Answer::Definite && completes {
        return Some("only a definite answer completes");
    }
    if dispatch.frozen && *answer == Answer::None && *rest != Some(Rest::Freeze) {
        return Some("the dispatch may have been sent");
    }
    if *rest == Some(Rest::Split) && dispatch.members.len() < 2 {
        return Some("one message cannot be split");
    }
    None
}
