//! Reads a value of JSON as a type. The same as serde_json, but for its errors: what they would say in words is a tenth of the
//! client's module. And an object is never read from a list.

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, map};
use std::fmt::{self, Display};
use std::slice;

/// Why a value is not of the type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// A field that is not known.
    Unknown,
    /// A text other than these.
    NoneOf(&'static [&'static str]),
    /// Anything else.
    Other,
}

/// # Errors
/// Why the value is not of the type.
pub(crate) fn typed<T: DeserializeOwned>(value: &Value) -> Result<T, Misfit> {
    T::deserialize(Reader(value))
}

/// A type of what an object has under these names.
///
/// # Errors
/// As [`typed`].
pub(crate) fn typed_fields<T: DeserializeOwned>(fields: &Map<String, Value>) -> Result<T, Misfit> {
    T::deserialize(serde::de::value::MapAccessDeserializer::new(
        ObjectFields::of(fields),
    ))
}

impl serde::de::Error for Misfit {
    fn custom<T: Display>(_: T) -> Self {
        Self::Other
    }

    fn invalid_type(_: serde::de::Unexpected<'_>, _: &dyn serde::de::Expected) -> Self {
        Self::Other
    }

    fn invalid_value(_: serde::de::Unexpected<'_>, _: &dyn serde::de::Expected) -> Self {
        Self::Other
    }

    fn invalid_length(_: usize, _: &dyn serde::de::Expected) -> Self {
        Self::Other
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self::Unknown
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        Self::NoneOf(known)
    }

    fn missing_field(_: &'static str) -> Self {
        Self::Other
    }

    fn duplicate_field(_: &'static str) -> Self {
        Self::Other
    }
}

impl std::error::Error for Misfit {}

impl Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is not what it must be")
    }
}

struct Reader<'a>(&'a Value);

impl<'a> Reader<'a> {
    fn scalar<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(it) => visitor.visit_bool(*it),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(it), ..) => visitor.visit_u64(it),
                (None, Some(it), _) => visitor.visit_i64(it),
                (None, None, it) => visitor.visit_f64(it.unwrap_or_default()),
            },
            Value::Array(_) | Value::Object(_) => Err(Misfit::Other),
        }
    }

    fn fields<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let fields = self.0.as_object().ok_or(Misfit::Other)?;
        visitor.visit_map(ObjectFields::of(fields))
    }

    fn items<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let items = self.0.as_array().ok_or(Misfit::Other)?;
        visitor.visit_seq(Items(items.iter()))
    }
}

macro_rules! read_as {
    ($($method:ident => $as:ident;)*) => {
        $(fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
            self.$as(visitor)
        })*
    };
}

impl<'a> Deserializer<'a> for Reader<'a> {
    type Error = Misfit;

    read_as! {
        deserialize_bool => scalar; deserialize_i8 => scalar; deserialize_i16 => scalar; deserialize_i32 => scalar;
        deserialize_i64 => scalar; deserialize_u8 => scalar; deserialize_u16 => scalar; deserialize_u32 => scalar;
        deserialize_u64 => scalar; deserialize_f32 => scalar; deserialize_f64 => scalar; deserialize_char => scalar;
        deserialize_str => scalar; deserialize_string => scalar; deserialize_identifier => scalar;
        deserialize_unit => scalar; deserialize_seq => items; deserialize_map => fields;
    }

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::Array(_) => self.items(visitor),
            Value::Object(_) => self.fields(visitor),
            _ => self.scalar(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.fields(visitor)
    }

    /// Of variants without fields.
    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let text = self.0.as_str().ok_or(Misfit::Other)?;
        visitor.visit_enum(StrDeserializer::new(text))
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        <V: Visitor<'a>> i128 u128 bytes byte_buf unit_struct tuple tuple_struct
    }
}

struct Items<'a>(slice::Iter<'a, Value>);

impl<'a> SeqAccess<'a> for Items<'a> {
    type Error = Misfit;

    fn next_element_seed<T: DeserializeSeed<'a>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Misfit> {
        self.0
            .next()
            .map(|item| seed.deserialize(Reader(item)))
            .transpose()
    }
}

struct ObjectFields<'a> {
    fields: map::Iter<'a>,
    value: &'a Value,
}

impl<'a> ObjectFields<'a> {
    fn of(fields: &'a Map<String, Value>) -> Self {
        Self {
            fields: fields.iter(),
            value: &Value::Null,
        }
    }
}

impl<'a> MapAccess<'a> for ObjectFields<'a> {
    type Error = Misfit;

    fn next_key_seed<K: DeserializeSeed<'a>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Misfit> {
        let Some((name, value)) = self.fields.next() else {
            return Ok(None);
        };
        self.value = value;
        seed.deserialize(BorrowedStrDeserializer::new(name))
            .map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        seed.deserialize(Reader(self.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Thing {
        name: Option<String>,
        count: u8,
        share: f64,
        list: Vec<i32>,
        kind: Option<Kind>,
        any: Value,
        inner: Option<Box<Thing>>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        One,
        Two,
    }

    #[test]
    fn it_reads_what_serde_json_reads() {
        for value in [
            json!({}),
            json!({"name": null, "count": 7, "share": 1, "list": [-1, 2], "kind": "two", "any": {"a": [1.5, null, true]}}),
            json!({"inner": {"name": "x", "share": 0.25, "any": "é"}}),
            json!({"count": 256}),
            json!({"count": 1.5}),
            json!({"count": -1}),
            json!({"count": "1"}),
            json!({"name": 7}),
            json!({"list": {}}),
            json!({"list": [1, "2"]}),
            json!({"kind": "three"}),
            json!({"other": 1}),
            json!({"inner": {"other": 1}}),
            json!(7),
        ] {
            let theirs = Thing::deserialize(&value).ok();
            assert_eq!(typed(&value).ok(), theirs, "{value}");
        }
    }

    #[test]
    fn a_misfit_says_what_a_caller_can_be_told() {
        let misfit = |value: Value| typed::<Thing>(&value).err();
        assert_eq!(misfit(json!({"other": 1})), Some(Misfit::Unknown));
        assert_eq!(
            misfit(json!({"kind": "x"})),
            Some(Misfit::NoneOf(&["one", "two"]))
        );
        assert_eq!(misfit(json!({"count": "x"})), Some(Misfit::Other));
        assert_eq!(misfit(json!([])), Some(Misfit::Other));
    }
}
