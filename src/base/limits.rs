//! The limits that Rust and the schema both need. `scripts/build --sql` writes them into the migration in the place of `{{NAME}}`, or
//! `{{NAME+1}}`. A limit that the schema does not need belongs into the code that uses it.

// An e-mail.

/// The most addresses in each of `to`, `cc`, `bcc` and `replyTo`.
///
/// Resend documents 50 for `to` and nothing for the others or for their sum, so each list is held to the
/// same number and the sum to none: an e-mail that Resend may take is not refused here, and one that it
/// refuses is rejected alone, with its reason.
pub const MAX_RECIPIENTS: usize = 50;
/// The most characters of a whole address (RFC 5321, 4.5.3.1.3, less the angle brackets).
pub const MAX_ADDRESS: usize = 254;
/// The most characters before the `@` (RFC 5321, 4.5.3.1.1).
pub const MAX_LOCAL: usize = 64;
/// The most characters between two dots of a domain (RFC 1035, 2.3.4).
pub const MAX_LABEL: usize = 63;
/// The most characters of a display name in `{email, name}`.
pub const MAX_NAME: usize = 256;
/// The most characters of `Name <address>`: both, and what is between them.
pub const MAX_ADDRESS_TEXT: usize = 520;
/// The longest subject, in characters: with it a header line stays within the 998 of RFC 5322.
pub const MAX_SUBJECT: usize = 980;
/// The most tags that a payload may have. With `message_id`, which the queue adds, that makes 50, the limit of the mail services
/// underneath; Resend documents none.
pub const MAX_TAGS: usize = 49;
/// The longest tag name and the longest tag value, in characters (Resend's documentation).
pub const MAX_TAG: usize = 256;
/// The most headers; what mail servers take.
pub const MAX_HEADERS: usize = 50;
/// The longest name of a header, in characters. It stands on one line of 998; a value, such as `References`, may be folded.
pub const MAX_HEADER_NAME: usize = 126;
/// The longest value of a header, in characters.
pub const MAX_HEADER_VALUE: usize = 4096;
/// The most attachments.
pub const MAX_ATTACHMENTS: usize = 100;
/// The longest name of an attachment, in characters.
pub const MAX_FILE_NAME: usize = 255;
/// The longest type of an attachment, in characters.
pub const MAX_CONTENT_TYPE: usize = 255;
/// The longest address of an attachment, in characters.
pub const MAX_PATH: usize = 2048;
/// The most variables of a template.
pub const MAX_VARIABLES: usize = 100;
/// The most values of any kind, lists and objects included: what the lists above can hold, and as much again.
pub const MAX_VALUES: usize = 2000;
/// The longest user-chosen name that a path spells out, in bytes.
pub const MAX_SHOWN: usize = 64;

// A message.

/// 0 is sent first, this last.
pub const LAST_PRIORITY: u8 = 3;
/// Of a message that names none.
pub const DEFAULT_PRIORITY: u8 = 2;
/// The most attempts that a message may use.
pub const MAX_ATTEMPTS: u32 = 100;
/// The attempts of a message that names none, until `default_max_attempts` is set.
pub const DEFAULT_MAX_ATTEMPTS: u32 = 15;
/// The longest type, in characters.
pub const MAX_TYPE: usize = 100;
/// The longest dedup key, in characters.
pub const MAX_DEDUP_KEY: usize = 255;
/// In bytes, as PostgreSQL writes it.
pub const MAX_METADATA: u64 = 16_384;
/// The longest topic, in characters.
pub const MAX_TOPIC: usize = 100;
/// Deeper than any payload needs.
pub const MAX_DEPTH: usize = 32;
/// A double ends at 1.8e308, where readers do not agree on what still fits; jsonb holds any number.
pub const TOO_LARGE: f64 = 1e308;
/// Of a delay in milliseconds: 31 years.
pub const DELAY_DIGITS: u32 = 12;
/// The years 2000 to 3000, in seconds since 1970.
pub const EARLIEST_TIME: u64 = 946_684_800;
/// See [`EARLIEST_TIME`].
pub const LATEST_TIME: u64 = 32_503_680_000;
/// The last errors of a message that are kept.
pub const MAX_ERRORS: usize = 10;

// A template.

/// The longest name, in characters.
pub const MAX_TEMPLATE_NAME: usize = 100;
/// The longest HTML and the longest text, in characters.
pub const MAX_TEMPLATE: usize = 200_000;
/// The most tags of a part.
pub const MAX_TEMPLATE_TAGS: usize = 1000;
/// How much of an HTML tag may come before a value in it, in characters.
pub const MAX_OPEN_TAG: usize = 4000;
/// How deep conditions are nested, and how many names a path has.
pub const MAX_NESTING: usize = 8;
/// The longest part once its variables are in it, in characters.
pub const MAX_RENDERED: usize = 1_000_000;
/// The longest variable that stands in an address, in characters.
pub const MAX_URL_VALUE: usize = 4096;
/// The versions that are kept.
pub const MAX_VERSIONS: usize = 100;

// Mails of Supabase Auth.

/// The characters that are taken of a value from user_metadata.
pub const MAX_LOOSE_VALUE: usize = 500;
/// The longest code, in characters: Auth's have 6 to 10.
pub const MAX_TOKEN: usize = 100;
/// The longest token of a link, in characters.
pub const MAX_TOKEN_HASH: usize = 500;

// What one call takes and gives.

/// The messages that are enqueued.
pub const MAX_ENQUEUE: usize = 1000;
/// Events in one call, and recipients in one event.
pub const MAX_RECORDED: usize = 100;
/// The messages that are listed, redriven or discarded.
pub const MAX_PAGE: u32 = 1000;
/// The messages that a consumer is given.
pub const MAX_DEQUEUE: u32 = 100;
/// The longest that a lease lasts.
pub const MAX_LEASE_MS: u64 = 3_600_000;
/// The messages of a dispatch.
pub const MAX_DISPATCH: u32 = 100;
/// The messages of a dispatch of priority 0.
pub const MAX_URGENT: usize = 10;
/// The dispatches that are claimed.
pub const MAX_CLAIMS: usize = 20;
/// The payloads that one call claims, in bytes.
pub const MAX_CLAIM_BYTES: u64 = 1_073_741_824;
/// The lanes that one claim chooses from, of those whose turn is next.
pub const LANES_A_CLAIM: usize = 10;
/// The lanes of each priority that it looks at where that does not do: in trouble, or if others have taken what is in those.
pub const LANES_A_LOOK: usize = 100;
/// How long the retention job goes on.
pub const RETAIN_MS: u64 = 2000;
/// What waits is counted so far.
pub const MAX_REMAINING: u64 = 10_000;

// Settings, and what they are until somebody sets them.

/// Requests a second.
pub const DEFAULT_RATE: u32 = 10;
/// The most requests a second.
pub const MAX_RATE: u32 = 1000;
/// The least that `max_payload_bytes` may be.
pub const MIN_PAYLOAD_BYTES: u32 = 1024;
/// The most bytes of an e-mail: base64 of its attachments, HTML and text. Resend documents 40 MB after base64 encoding; this is
/// the larger reading of "MB", 40 × 1024 × 1024.
pub const MAX_PAYLOAD_BYTES: usize = 41_943_040;
/// The largest payload that is taken, until `max_payload_bytes` is set.
pub const DEFAULT_PAYLOAD_BYTES: u32 = 10_485_760;
/// The wait after attempt 1.
pub const DEFAULT_RETRY_BASE_MS: u64 = 30_000;
/// The longest wait.
pub const DEFAULT_RETRY_CAP_MS: u64 = 3_600_000;
/// The most that either may be.
pub const MAX_RETRY_MS: u64 = 86_400_000;
/// Messages in a row that bounced softly, until an address is suppressed.
pub const DEFAULT_SOFT_BOUNCES: u32 = 3;
/// The most that this may be.
pub const MAX_SOFT_BOUNCES: u32 = 100;

// Suppression.

/// The longest note of an entry, in characters.
pub const MAX_NOTE: usize = 1000;
/// The suppressed messages that one lane's dispatch passes over.
pub const MAX_PASSED: usize = 1000;

// The rate and the circuit breaker.

/// Requests a second, until the provider has told its limit.
pub const CAUTIOUS_RATE: u32 = 5;
/// So long is a second of the provider's: a request may arrive later after its slot than the one that opens its window.
pub const RATE_WINDOW_MS: u64 = 1050;
/// So far ahead a slot may be.
pub const MAX_SLOT_WAIT_MS: u64 = 2000;
/// Requests without an answer in a row, until one at a time is tried.
pub const BREAKER_ROW: u32 = 3;
/// First requests that may be open at a time.
pub const MAX_REQUESTS: u32 = 64;
/// With fewer requests, every second dispatch comes from elsewhere than the head.
pub const FEW_REQUESTS: u32 = 8;
/// The first wait for a probe, which doubles.
pub const MIN_BREAKER_WAIT_MS: u64 = 1000;
/// The longest wait for a probe.
pub const MAX_BREAKER_WAIT_MS: u64 = 300_000;
/// So long after the last answer, or the last that was missing, a scope of which nothing is open is in trouble no more. Longer than
/// [`MAX_BREAKER_WAIT_MS`].
pub const BREAKER_QUIET_MS: u64 = 900_000;
/// How the tries are spread over lanes, priorities and places.
pub const BY_LANE: f64 = 0.618_033_988_7;
/// See [`BY_LANE`].
pub const BY_PRIORITY: f64 = 0.414_213_562_4;
/// See [`BY_LANE`].
pub const BY_PLACE: f64 = 0.732_050_807_6;
/// The places that a dispatch may begin at.
pub const MAX_PLACES: usize = 1000;
