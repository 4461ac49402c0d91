//! The table of Resend's answers (documentation and OpenAPI document 1.5.0, 2026-08).

use crate::provider::meaning::Meaning;
use crate::provider::outcome::Scope;
use crate::provider::read::Said;

/// What the provider says where only mail to the account's own address is taken: with `onboarding@resend.dev` as the
/// sender, before a domain is verified.
const TEST_MODE: &str = "only send testing emails to your own";

/// Classifies by status and name together: `validation_error` alone has five meanings, of which two differ in their text
/// only. `name` is empty where the answer had none. The first row that fits counts.
#[rustfmt::skip]
pub(super) fn meaning(status: u16, said: &Said, templated: bool) -> Meaning {
    use Meaning::*;
    use Scope::*;
    match (status, said.name()) {
        (400 | 422, "validation_error" | "missing_required_field" | "missing_required_parameter"
            | "invalid_attachment" | "invalid_parameter" | "invalid_from_address"
            | "invalid_access" | "invalid_region")              => Body,
        (400, "invalid_idempotency_key")                        => Misconfigured(Queue),
        // A batch with one bad member must not drag the others along, whatever the word for it.
        (400 | 413 | 422, _)                                    => UnlistedBody,

        // missing_api_key, restricted_api_key, validation_error, and whatever else a 401 may be called.
        (401, _)                                                => Misconfigured(Queue),
        // About the recipient: the sender's domain may still send to others.
        (403, "validation_error") if said.message.to_ascii_lowercase().contains(TEST_MODE) => Member,
        (403, "validation_error")                               => Misconfigured(SenderDomain),
        // restricted_, suspended_, invalid_api_key, invalid_permission, error 1010 in plain text.
        (403, _)                                                => Misconfigured(Queue),

        (404, "not_found") if templated                         => Member,
        (404 | 405, _)                                          => Misconfigured(Queue),
        (408, _)                                                => Unavailable,

        (409, "concurrent_idempotent_requests" | "resource_locked") => InFlight,
        (409, "invalid_idempotent_request")                     => OtherBody,
        // Not Unlisted: a 409 speaks of an earlier request, and a new key could send twice.
        (409, _)                                                => Unavailable,

        (429, "daily_quota_exceeded")                           => DailyQuota,
        (429, "monthly_quota_exceeded")                         => MonthlyQuota,
        // rate_limit_exceeded, and whatever else a 429 may be called.
        (429, _)                                                => RateLimit,

        (451, "security_error")                                 => Member,
        (400..=499, _)                                          => Unlisted,
        // 5xx; 1xx and 3xx, which the API does not have: what a proxy did with the request is not known. A redirect is not
        // followed, since the key and the mail would go along; a browser shows it as status 0.
        _                                                       => Unavailable,
    }
}
