//! The option `tags`: it is written into the payload, so that all other code finds tags in one place.

use crate::base::QueueError;
use crate::email::check_tags;
use crate::protocol::NewMessage;
use serde_json::Value;

/// Moves a message's tags into its payload.
pub(super) fn write(message: &mut NewMessage) -> Result<(), QueueError> {
    let tags = message.tags.take();
    let tags = to_write(message.kind.as_deref(), &message.payload, tags.as_ref())?;
    // A payload of the wrong shape is refused later, with its other faults.
    if let (Some(tags), Value::Object(payload)) = (tags, &mut message.payload) {
        payload.insert("tags".to_owned(), tags.clone());
    }
    Ok(())
}

/// The tags to write into the payload of a message of type `kind`.
///
/// # Errors
/// `invalid_input` names what is wrong below `tags`, as it would below `payload.tags`; or `tags` where the message is not an
/// e-mail, or has tags in its payload.
pub(crate) fn to_write<'a>(
    kind: Option<&str>,
    payload: &Value,
    tags: Option<&'a Value>,
) -> Result<Option<&'a Value>, QueueError> {
    let Some(tags) = tags.filter(|tags| !tags.is_null()) else {
        return Ok(None);
    };
    if kind.is_some_and(|kind| kind != "email") {
        let why = "belongs to e-mail; use metadata";
        return Err(QueueError::invalid("tags", why));
    }
    if payload.get("tags").is_some_and(|inner| !inner.is_null()) {
        let why = "is given in the payload too; give it once";
        return Err(QueueError::invalid("tags", why));
    }
    check_tags(tags).map_err(|error| QueueError::from(error.within("tags")))?;
    Ok(Some(tags))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tags_are_given_once_and_to_an_email() {
        let (plain, tagged) = (json!({"to": "a@b.example"}), json!({"tags": []}));
        let tags = json!({"plan": "pro"});
        let refused = |kind, payload: &Value, tags: &Value| {
            let error = to_write(kind, payload, Some(tags)).err();
            error.map(|error| error.to_string())
        };
        assert_eq!(to_write(None, &plain, Some(&tags)), Ok(Some(&tags)));
        let null = json!({"tags": null});
        assert_eq!(to_write(Some("email"), &null, Some(&tags)), Ok(Some(&tags)));
        assert_eq!(to_write(Some("sms"), &tagged, Some(&Value::Null)), Ok(None));
        assert_eq!(
            refused(Some("sms"), &plain, &tags).as_deref(),
            Some("tags: belongs to e-mail; use metadata")
        );
        assert_eq!(
            refused(None, &tagged, &tags).as_deref(),
            Some("tags: is given in the payload too; give it once")
        );
        assert_eq!(
            refused(None, &plain, &json!([{"name": "plan", "value": 1}])).as_deref(),
            Some("tags[0].value: must be a string")
        );
    }
}
