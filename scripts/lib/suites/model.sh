# The protocol in a model checker: all that can happen to two workers, two messages and a provider, in any order. And
# simulations of hours, which take minutes unless they are optimized.

# Options: --full, with the two largest scenarios too (two million states each, eight minutes).
# shellcheck disable=SC2034 # The runner reads it.
readonly LIMIT_model=2400
suite_model() {
  need_rust
  local largest=(--skip a_batch_and_every_refusal --skip a_single_attempt_with_lost_answers_and_every_refusal)
  # shellcheck disable=SC2154 # scripts/test sets them
  case " ${options[*]} " in *" --full "*) largest=() ;; esac
  run cargo "every state of the protocol" cargo test --locked --profile model --test model -- --nocapture "${largest[@]}"
  run cargo "the circuit breaker in virtual time" cargo test --locked --profile model --test run breaker -- --nocapture
}
