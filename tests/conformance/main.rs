//! One list of cases for what `email_queue_worker_work` and its neighbours do, over the queue in memory and over the database.
//!
//! The database is the one of `DATABASE_URL`, which names its owner, with the migrations applied, on a server with the roles
//! of a Supabase project; its contents are deleted. Without it only the queue in memory is tested, and with
//! `EMAIL_QUEUE_REQUIRE_DATABASE` set too, the database's cases fail.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod cases;
mod containment;
mod database;
mod differential;
mod inputs;
mod memory;
mod payloads;
mod side;
mod subject;
mod templates;

/// Each case as a test of both subjects.
macro_rules! cases {
    ($($module:ident: $($case:ident)*;)*) => {
        mod in_memory {
            $($(
                #[test]
                fn $case() {
                    crate::cases::$module::$case(&mut crate::memory::Memory::default());
                }
            )*)*
        }
        mod in_postgres {
            $($(
                #[test]
                fn $case() {
                    if let Some(mut database) = crate::database::Database::connect() {
                        crate::cases::$module::$case(&mut database);
                    }
                }
            )*)*
        }
    };
}

cases! {
    enqueue:
        bad_input_is_refused_with_the_name_of_the_field
        a_dedup_key_makes_it_happen_once
        the_default_sender_is_written_in
        tags_are_written_into_the_payload
        all_or_none_of_many;
    claim:
        the_best_priority_goes_first_then_the_oldest
        lanes_are_not_mixed
        urgent_mail_is_not_filled_up_and_ten_make_a_dispatch
        a_dispatch_is_bounded_in_messages
        a_dispatch_is_bounded_in_bytes
        what_is_scheduled_is_not_claimed_before_its_time
        a_repeated_claim_gives_the_same_dispatch
        a_due_dispatch_goes_before_ready_messages_of_its_priority
        types_do_not_mix
        what_remains_is_counted;
    lease:
        begin_is_fenced_by_token_and_lease
        settle_is_fenced_by_token_and_lease
        a_batch_that_expires_unbegun_is_taken_over_once_then_dissolved
        a_single_that_expires_unbegun_pays_an_attempt
        a_lease_that_expires_after_begin_freezes
        extend_makes_a_lease_longer_never_shorter
        a_repeated_settle_is_told_so
        release_uses_no_attempt
        what_is_not_cancelled_is_explained;
    suppression:
        who_is_suppressed_gets_no_mail
        an_unsubscribe_counts_for_mail_with_a_topic
        with_some_recipients_left_it_goes_as_it_is
        a_claim_passes_over_what_is_suppressed
        the_claim_goes_on_with_the_next_lane
        what_was_claimed_is_never_checked_again
        what_came_back_is_checked_again
        a_redrive_waits_until_the_entry_is_gone
        a_bounce_and_a_complaint_suppress;
    begin:
        begins_take_slots_of_one_rate
        a_claim_leaves_the_slots_to_the_begins_of_its_call before_the_first_answer_the_rate_is_a_cautious_one
        a_repeated_begin_is_the_same_begin
        a_cooldown_holds_all
        what_expired_is_not_begun
        a_body_with_other_members_is_not_begun;
    pause:
        a_paused_queue_begins_and_claims_nothing
        a_paused_domain_is_out_of_the_way
        the_pause_of_a_refused_domain_grows_until_it_is_accepted
        a_refused_domain_goes_after_others
        an_operators_pause_of_a_domain_neither_grows_nor_counts
        what_waits_three_days_for_a_refused_domain_fails;
    breaker:
        three_in_a_row_leave_one_request_and_a_wait
        the_wait_doubles_up_to_five_minutes
        each_answer_doubles_what_may_be_open_and_its_size
        a_single_loss_leaves_the_size
        a_replay_opens_and_closes_nothing
        a_lease_that_ran_out_after_begin_counts_as_nothing
        what_was_missing_long_ago_is_forgotten
        what_was_missing_lately_is_not_forgotten;
    scopes:
        an_ailing_domain_is_in_nobodys_way
        a_second_ailing_domain_keeps_the_endpoint_waiting
        endpoints_that_wait_share_one_probe
        an_endpoint_that_stops_makes_the_other_careful
        what_froze_is_replayed_soon_after_trouble;
    turns:
        lanes_take_turns
        mail_of_another_priority_is_no_turn
        halves_of_a_refused_batch_take_turns_too
        every_second_dispatch_comes_from_elsewhere
        the_first_lane_after_trouble_is_another
        replays_take_their_share_while_fresh_mail_waits;
    frozen:
        frozen_is_replayed_as_it_was
        a_refusal_of_a_replay_gives_no_new_key
        a_frozen_dispatch_can_be_split_by_a_definite_answer
        the_attempts_of_the_most_patient_member_end_a_frozen_dispatch
        the_horizon_ends_a_frozen_dispatch;
    events:
        an_event_is_recorded_once_and_only_moves_forward
        another_installations_event_is_foreign
        a_retired_mark_is_not_begun
        evidence_of_all_members_ends_a_frozen_dispatch
        evidence_of_some_members_counts_at_the_end
        a_redriven_message_that_was_accepted_is_not_sent_again
        what_the_provider_does_not_have_is_sent_again_safely;
    keys:
        without_a_key_no_answer_ends_it
        without_a_key_a_lease_that_expires_after_begin_ends_it
        without_a_key_what_was_not_sent_goes_again
        a_replay_without_a_key_is_not_begun
        the_key_window_ends_a_frozen_dispatch
        the_waits_are_told;
    secret:
        a_secret_message_travels_apart_and_loses_its_payload_at_its_end
        a_replay_has_the_payload_of_a_secret_message
        no_text_about_a_secret_message_is_kept
        the_queues_own_text_about_a_secret_message_is_kept
        a_reason_of_a_secret_message_quotes_nothing_of_it;
    removal:
        what_has_ended_is_erased_with_the_addresses_of_its_events
        only_dead_letters_are_discarded;
    settle:
        each_member_ends_by_its_own_outcome
        split_halves_without_using_an_attempt
        retry_waits_and_travels_alone_then_is_exhausted
        keep_takes_out_and_goes_on
        contradictions_are_refused
        the_last_ten_errors_are_kept;
}
