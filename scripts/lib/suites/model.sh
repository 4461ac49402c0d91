# The protocol in a model checker: all that can happen to two workers, two messages and a provider, in any order.

suite_model() {
  need_rust
  run cargo "every state of the protocol" cargo test --locked --profile model --test model -- --nocapture
}
