//! The protocol as it is, and with one mistake in it.

/// Mistakes are made in the model, around the crate's own functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    Faithful,
    /// A settle is applied whoever holds the lease.
    NoFence,
    /// A worker sends although its begin was told that the lease is lost.
    BeginIgnoresLease,
    /// The Idempotency-Key is made for each attempt.
    KeyPerAttempt,
    /// A replay puts the members into another order.
    BatchRebuilt,
    /// A 401 on a replay is taken to say that nothing was sent.
    UnauthorizedIsDefinite,
    /// A worker that stalled between begin and send sends all the same.
    LateSender,
    /// The horizon is as long as the provider keeps keys.
    LongHorizon,
    /// The workers count on keys that the provider does not have.
    ReplayWithoutKey,
    /// A redrive takes what may have been sent without being told that it may be sent twice.
    RedriveOfUnknown,
    /// A replay counts for the circuit breaker as if it were a first request.
    ReplayCounts,
    /// A dispatch of one message goes to the endpoint of one, whatever its lane.
    ProbeThroughAnother,
    /// An event does not complete what has ended before it.
    EventSeesNoEnd,
    /// A claim, with its sweep, does not look for evidence.
    ClaimIgnoresEvidence,
    /// What an event has marked is erased while its request may have to be repeated.
    EraseOfMarked,
    /// An event of another installation counts.
    ForeignCounts,
    /// Evidence of one member is taken as that of all.
    EvidenceForAll,
    /// In trouble the head of the queue is always next.
    NoTurns,
}
