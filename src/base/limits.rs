//! The limits that Rust and the schema both hold. `scripts/build --sql` writes them into the migration, where a source has
//! `{{NAME}}`, or `{{NAME+1}}`; a limit that the schema does not have belongs to the code that has it.

// An e-mail.

/// The most addresses of a field.
pub const MAX_RECIPIENTS: usize = 50;
/// The longest address, in bytes, and the part before the at sign (RFC 5321).
pub const MAX_ADDRESS: usize = 254;
pub const MAX_LOCAL: usize = 64;
/// The longest part of a domain between two dots.
pub const MAX_LABEL: usize = 63;
/// The longest display name, in characters.
pub const MAX_NAME: usize = 256;
/// The longest text with an address in it: a name, its quotes and the address.
pub const MAX_ADDRESS_TEXT: usize = 520;
/// A header is a line of at most 998 characters (RFC 5322).
pub const MAX_SUBJECT: usize = 980;
pub const MAX_TAGS: usize = 49;
/// The longest name and value of a tag.
pub const MAX_TAG: usize = 256;
/// What mail servers take.
pub const MAX_HEADERS: usize = 50;
/// The longest name of a header and the longest value, in characters. A name stands on one line of 998 characters, a value
/// such as `References` may be folded into several.
pub const MAX_HEADER_NAME: usize = 126;
pub const MAX_HEADER_VALUE: usize = 4096;
pub const MAX_ATTACHMENTS: usize = 100;
pub const MAX_FILE_NAME: usize = 255;
pub const MAX_CONTENT_TYPE: usize = 255;
pub const MAX_PATH: usize = 2048;
/// The most variables of a template.
pub const MAX_VARIABLES: usize = 100;
/// The most values of any kind, lists and objects included: what the lists above can hold, and as much again.
pub const MAX_VALUES: usize = 2000;
/// The longest name of a field that an error shows.
pub const MAX_SHOWN: usize = 64;

// A message.

pub const LAST_PRIORITY: u8 = 3;
pub const DEFAULT_PRIORITY: u8 = 2;
pub const MAX_ATTEMPTS: u32 = 100;
pub const DEFAULT_MAX_ATTEMPTS: u32 = 15;
pub const MAX_TYPE: usize = 100;
pub const MAX_DEDUP_KEY: usize = 255;
/// In bytes, as PostgreSQL writes it.
pub const MAX_METADATA: u64 = 16384;
/// Deeper than any payload needs.
pub const MAX_DEPTH: usize = 32;
/// A double ends at 1.8e308 and jsonb at 10^131072: whoever reads such a number has none, or cannot read the rest either.
pub const TOO_LARGE: f64 = 1e308;
/// Of a delay in milliseconds: 31 years.
pub const DELAY_DIGITS: u32 = 12;
/// The years 2000 to 3000, in seconds since 1970.
pub const EARLIEST_TIME: u64 = 946_684_800;
pub const LATEST_TIME: u64 = 32_503_680_000;
/// The last errors of a message that are kept.
pub const MAX_ERRORS: usize = 10;

// What one call takes and gives.

/// The messages that are enqueued.
pub const MAX_ENQUEUE: usize = 1000;
/// The messages that are listed, redriven or discarded.
pub const MAX_PAGE: usize = 1000;
/// The messages that a consumer is given.
pub const MAX_DEQUEUE: u32 = 100;
pub const MAX_LEASE_MS: u64 = 3_600_000;
/// The messages of a dispatch, and of one of priority 0.
pub const MAX_DISPATCH: u32 = 100;
pub const MAX_URGENT: usize = 10;
/// The dispatches that are claimed.
pub const MAX_CLAIMS: usize = 20;
pub const MAX_CLAIM_BYTES: u64 = 1_073_741_824;
/// What waits is counted so far.
pub const MAX_REMAINING: u64 = 10_000;

// Settings, and what they are until somebody sets them.

pub const DEFAULT_RATE: u32 = 10;
pub const MAX_RATE: u32 = 1000;
pub const MIN_PAYLOAD_BYTES: u32 = 1024;
/// The largest request that the provider takes.
pub const MAX_PAYLOAD_BYTES: usize = 41_943_040;
pub const DEFAULT_PAYLOAD_BYTES: u32 = 10_485_760;
pub const DEFAULT_RETRY_BASE_MS: u64 = 30_000;
pub const DEFAULT_RETRY_CAP_MS: u64 = 3_600_000;
pub const MAX_RETRY_MS: u64 = 86_400_000;

// The rate and the circuit breaker.

/// Requests a second, until the provider has told its limit.
pub const CAUTIOUS_RATE: u32 = 5;
/// So long is a second of the provider's: a request may arrive later after its slot than the one that opens its window.
pub const RATE_WINDOW_MS: u64 = 1050;
/// So far ahead a slot may be.
pub const MAX_SLOT_WAIT_MS: u64 = 2000;
/// Requests without an answer in a row, until one at a time is tried.
pub const BREAKER_ROW: u32 = 3;
pub const MAX_REQUESTS: u32 = 64;
/// With fewer requests, every second dispatch comes from elsewhere than the head.
pub const FEW_REQUESTS: u32 = 8;
pub const MIN_BREAKER_WAIT_MS: u64 = 1000;
pub const MAX_BREAKER_WAIT_MS: u64 = 300_000;
/// How the tries are spread over lanes, priorities and places.
pub const BY_LANE: f64 = 0.6180339887;
pub const BY_PRIORITY: f64 = 0.4142135624;
pub const BY_PLACE: f64 = 0.7320508076;
/// The places that a dispatch may begin at.
pub const MAX_PLACES: usize = 1000;
