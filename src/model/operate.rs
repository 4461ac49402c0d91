//! Operators' settings and pauses, and the steps that a custom consumer takes one by one.

use super::budget::Paused;
use super::settings::Settings;
use super::store::Queue;
use crate::base::limits::{
    MAX_ATTEMPTS, MAX_LEASE_MS, MAX_PAYLOAD_BYTES, MAX_RATE, MAX_RETRY_MS, MIN_PAYLOAD_BYTES,
};
use crate::base::{QueueError, shown};
use crate::email::Mailbox;
use crate::protocol::{Answer, Rest, Settle, SettleResult, Settled};
use serde_json::{Value, json};
use std::time::Duration;

const LONGEST_LEASE: Duration = Duration::from_millis(MAX_LEASE_MS);
const LONGEST_RETRY: Duration = Duration::from_millis(MAX_RETRY_MS);

impl Queue {
    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Replaces the settings.
    ///
    /// # Errors
    /// `invalid_input` names the first that is out of its range.
    pub fn configure(&mut self, settings: Settings) -> Result<(), QueueError> {
        let sender = settings.default_sender.as_deref();
        let fits = sender.is_none_or(|it| Mailbox::parse(&it.into(), "default_sender").is_ok());
        let why = "must be an e-mail address, or Name <address>";
        QueueError::unless(fits, "default_sender", why)?;
        let ms = Duration::from_millis(1);
        for (field, fits) in [
            ("rate_limit", (1..=MAX_RATE).contains(&settings.rate_limit)),
            ("horizon", settings.horizon != Some(Duration::ZERO)),
            (
                "default_max_attempts",
                (1..=MAX_ATTEMPTS).contains(&settings.default_max_attempts),
            ),
            (
                "max_payload_bytes",
                (u64::from(MIN_PAYLOAD_BYTES)..=MAX_PAYLOAD_BYTES as u64)
                    .contains(&settings.max_payload_bytes),
            ),
            (
                "retry",
                !settings.retry.is_empty()
                    && (settings.retry.iter()).all(|wait| (ms..=LONGEST_RETRY).contains(wait)),
            ),
        ] {
            QueueError::unless(fits, field, "is out of its range")?;
        }
        self.settings = settings;
        Ok(())
    }

    /// Changes the settings that are named, and answers all that the queue in memory has, as JavaScript reads them.
    ///
    /// # Errors
    /// `invalid_input` names the first that is unknown, or out of its range.
    pub(super) fn set(&mut self, wanted: &Value) -> Result<Value, QueueError> {
        let mut new = self.settings.clone();
        for (name, value) in wanted.as_object().into_iter().flatten() {
            // 0 is out of every range, and an empty text is no sender.
            let number = value.as_u64().unwrap_or_default();
            let small = u32::try_from(number).unwrap_or_default();
            match name.as_str() {
                "default_sender" => {
                    let sender = value.as_str().unwrap_or_default();
                    new.default_sender = (!value.is_null()).then(|| sender.to_owned());
                }
                "rate_limit" => new.rate_limit = small,
                "default_max_attempts" => new.default_max_attempts = small,
                "max_payload_bytes" => new.max_payload_bytes = number,
                _ => {
                    let why = "is not a setting of the queue in memory";
                    return Err(QueueError::invalid(shown(name), why));
                }
            }
        }
        self.configure(new)?;
        let settings = &self.settings;
        Ok(json!({
            "defaultSender": settings.default_sender,
            "rateLimit": settings.rate_limit,
            "defaultMaxAttempts": settings.default_max_attempts,
            "maxPayloadBytes": settings.max_payload_bytes,
        }))
    }

    /// Pauses the queue, or one sender domain, for a while or until resumed.
    pub fn pause(
        &mut self,
        now: Duration,
        reason: &str,
        domain: Option<&str>,
        length: Option<Duration>,
    ) {
        let paused = Paused::new(now, length, reason);
        match domain {
            None => self.budget.paused = Some(paused),
            Some(domain) => {
                self.paused_domains
                    .insert(domain.to_ascii_lowercase(), paused);
            }
        }
    }

    /// Ends a pause of the queue with its cooldown and the circuit breaker, or of one sender domain. Says whether there was anything
    /// to end.
    pub fn resume(&mut self, now: Duration, domain: Option<&str>) -> bool {
        if let Some(domain) = domain {
            return self
                .paused_domains
                .remove(&domain.to_ascii_lowercase())
                .is_some();
        }
        // A replay that was told to wait for a quota would otherwise wait on, past its horizon perhaps.
        for dispatch in self.dispatches.values_mut() {
            if dispatch.frozen && dispatch.token.is_none() && dispatch.visible_at > now {
                dispatch.visible_at = now;
            }
        }
        let budget = &mut self.budget;
        let held = budget.paused.is_some()
            || budget.cooldown_until.is_some_and(|at| at > now)
            || !self.breaker.is_empty();
        if held {
            budget.paused = None;
            budget.cooldown_until = None;
            budget.cooldown_reason = None;
            self.breaker.clear();
        }
        held
    }

    /// Makes an unexpired lease longer, never shorter. Gives its end, or `None` where the lease is lost.
    pub fn extend(
        &mut self,
        now: Duration,
        dispatch_id: &str,
        token: &str,
        lease: Duration,
    ) -> Option<Duration> {
        let dispatch = self.dispatches.get_mut(dispatch_id)?;
        if !dispatch.is_held(now, token) {
            return None;
        }
        let lease = lease.clamp(Duration::from_millis(1), LONGEST_LEASE);
        dispatch.visible_at = dispatch.visible_at.max(now + lease);
        dispatch.updated_at = now;
        Some(dispatch.visible_at)
    }

    /// Gives a dispatch back that was not sent, without using an attempt.
    pub fn release(&mut self, now: Duration, dispatch_id: &str, token: &str) -> SettleResult {
        let frozen = self
            .dispatches
            .get(dispatch_id)
            .is_some_and(|dispatch| dispatch.frozen);
        let rest = if frozen { Rest::Freeze } else { Rest::Release };
        let settle = Settle {
            counted: false,
            ..Settle::new(dispatch_id, token, Answer::None, Some(rest))
        };
        let Settled { result, .. } = self.settle(now, &settle);
        result
    }
}
