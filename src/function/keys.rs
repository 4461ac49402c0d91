//! The secret keys of the project, as the environment has them.

use serde_json::{Map, Value};
use std::collections::HashMap;

/// All secret keys of the project by name, the one to try first.
pub(super) fn secret_keys(variables: &HashMap<String, String>) -> Vec<(String, String)> {
    let named = named_keys(variables).unwrap_or_default();
    let (first, others): (Vec<_>, _) = named.iter().partition(|(name, _)| *name == "default");
    let named = first.into_iter().chain::<Vec<_>>(others);
    let named = named.filter_map(|(name, key)| {
        let name = format!("SUPABASE_SECRET_KEYS[\"{name}\"]");
        Some((name, key.as_str()?))
    });
    let single = ["SUPABASE_SECRET_KEY", "SUPABASE_SERVICE_ROLE_KEY"];
    let single = single
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), variables.get(*name)?.as_str())));
    let mut keys: Vec<(String, String)> = Vec::new();
    for (name, key) in named.chain(single) {
        let key = key.trim();
        if !key.is_empty() && keys.iter().all(|(_, known)| known != key) {
            keys.push((name, key.to_owned()));
        }
    }
    keys
}

/// As the platform sets them: `{"default": "sb_secret_…"}`.
pub(super) fn named_keys(variables: &HashMap<String, String>) -> Option<Map<String, Value>> {
    let text = variables.get("SUPABASE_SECRET_KEYS")?;
    serde_json::from_str(text).ok()
}
