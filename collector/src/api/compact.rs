//! JSON without spaces from what serde says: the same bytes as `serde_json`, which looks at each byte of each text and of the name of
//! each field; that is most of the time that a long trace takes.

use std::{fmt, io};

use serde::{
    Serialize,
    ser::{self, Impossible, SerializeMap, SerializeSeq, SerializeStruct},
};

/// Where the bytes go.
pub(super) trait Sink {
    fn buffer(&mut self) -> &mut Vec<u8>;

    /// Called after each value of a list: what is in the buffer may be sent.
    fn pass_on(&mut self) -> io::Result<()>;
}

impl Sink for Vec<u8> {
    fn buffer(&mut self) -> &mut Vec<u8> {
        self
    }

    fn pass_on(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

impl ser::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Json(ser::Error::custom(message))
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => error,
            Error::Json(error) => error.into(),
        }
    }
}

pub(super) struct Compact<'a, S>(pub(super) &'a mut S);

impl<'a, S: Sink> Compact<'a, S> {
    fn put(self, bytes: &[u8]) -> Result<(), Error> {
        self.0.buffer().extend_from_slice(bytes);
        Ok(())
    }

    /// What is neither frequent nor worth a second form.
    fn by_serde_json(self, value: impl Serialize) -> Result<(), Error> {
        Ok(serde_json::to_writer(self.0.buffer(), &value)?)
    }

    fn begin(self, open: u8, close: u8) -> Items<'a, S> {
        self.0.buffer().push(open);
        Items { sink: self.0, close, empty: true }
    }
}

/// Without looking for the first such byte, so that many are looked at at once.
fn needs_escapes(text: &str) -> bool {
    text.bytes().fold(false, |found, byte| found | (byte < 0x20) | (byte == b'"') | (byte == b'\\'))
}

impl<'a, S: Sink> ser::Serializer for Compact<'a, S> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Items<'a, S>;
    type SerializeTuple = Impossible<(), Error>;
    type SerializeTupleStruct = Impossible<(), Error>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Items<'a, S>;
    type SerializeStruct = Items<'a, S>;
    type SerializeStructVariant = Impossible<(), Error>;

    fn serialize_str(self, text: &str) -> Result<(), Error> {
        if needs_escapes(text) {
            return self.by_serde_json(text);
        }
        let buffer = self.0.buffer();
        buffer.reserve(text.len() + 2);
        buffer.push(b'"');
        buffer.extend_from_slice(text.as_bytes());
        buffer.push(b'"');
        Ok(())
    }

    fn serialize_bool(self, truth: bool) -> Result<(), Error> {
        self.put(if truth { b"true" } else { b"false" })
    }

    fn serialize_i64(self, number: i64) -> Result<(), Error> {
        self.put(itoa::Buffer::new().format(number).as_bytes())
    }

    fn serialize_u64(self, number: u64) -> Result<(), Error> {
        self.put(itoa::Buffer::new().format(number).as_bytes())
    }

    fn serialize_i8(self, number: i8) -> Result<(), Error> {
        self.serialize_i64(number.into())
    }

    fn serialize_i16(self, number: i16) -> Result<(), Error> {
        self.serialize_i64(number.into())
    }

    fn serialize_i32(self, number: i32) -> Result<(), Error> {
        self.serialize_i64(number.into())
    }

    fn serialize_u8(self, number: u8) -> Result<(), Error> {
        self.serialize_u64(number.into())
    }

    fn serialize_u16(self, number: u16) -> Result<(), Error> {
        self.serialize_u64(number.into())
    }

    fn serialize_u32(self, number: u32) -> Result<(), Error> {
        self.serialize_u64(number.into())
    }

    fn serialize_f32(self, number: f32) -> Result<(), Error> {
        self.by_serde_json(number)
    }

    fn serialize_f64(self, number: f64) -> Result<(), Error> {
        self.by_serde_json(number)
    }

    fn serialize_char(self, character: char) -> Result<(), Error> {
        self.by_serde_json(character)
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Error> {
        self.by_serde_json(bytes)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.put(b"null")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.put(b"null")
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), Error> {
        self.put(b"null")
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _name: &'static str, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let mut object = self.begin(b'{', b'}');
        SerializeMap::serialize_entry(&mut object, variant, value)?;
        SerializeMap::end(object)
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Items<'a, S>, Error> {
        Ok(self.begin(b'[', b']'))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Items<'a, S>, Error> {
        Ok(self.begin(b'{', b'}'))
    }

    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Items<'a, S>, Error> {
        Ok(self.begin(b'{', b'}'))
    }

    fn serialize_tuple(self, _len: usize) -> Result<Self::SerializeTuple, Error> {
        Err(ser::Error::custom("a tuple has no place in an answer"))
    }

    fn serialize_tuple_struct(self, name: &'static str, _len: usize) -> Result<Self::SerializeTupleStruct, Error> {
        Err(ser::Error::custom(format_args!("`{name}` has no place in an answer")))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        Err(ser::Error::custom(format_args!("`{name}` has no place in an answer")))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        Err(ser::Error::custom(format_args!("`{name}` has no place in an answer")))
    }
}

/// A list or an object that is being written.
pub(super) struct Items<'a, S> {
    sink: &'a mut S,
    close: u8,
    empty: bool,
}

impl<S: Sink> Items<'_, S> {
    fn comma(&mut self) {
        if !std::mem::replace(&mut self.empty, false) {
            self.sink.buffer().push(b',');
        }
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(Compact(self.sink))
    }

    fn finish(self) -> Result<(), Error> {
        self.sink.buffer().push(self.close);
        Ok(())
    }
}

impl<S: Sink> SerializeSeq for Items<'_, S> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.comma();
        self.value(value)?;
        Ok(self.sink.pass_on()?)
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}

impl<S: Sink> SerializeMap for Items<'_, S> {
    type Ok = ();
    type Error = Error;

    /// Keys are texts.
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.comma();
        self.value(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.sink.buffer().push(b':');
        self.value(value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}

impl<S: Sink> SerializeStruct for Items<'_, S> {
    type Ok = ();
    type Error = Error;

    /// Names of fields are our own: none needs an escape.
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Error> {
        debug_assert!(!needs_escapes(name), "{name}");
        self.comma();
        let buffer = self.sink.buffer();
        buffer.reserve(name.len() + 3);
        buffer.push(b'"');
        buffer.extend_from_slice(name.as_bytes());
        buffer.extend_from_slice(b"\":");
        self.value(value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::{
        collection::{btree_map, vec},
        option,
        prelude::*,
    };

    use super::*;

    #[derive(Serialize)]
    enum Shape {
        Round,
        Square(f32),
    }

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Thing {
        the_shape: Shape,
        others: Vec<Self>,
        #[serde(skip_serializing_if = "Option::is_none")]
        maybe: Option<u16>,
        nothing: (),
    }

    fn written(value: &impl Serialize) -> Result<String, Error> {
        let mut bytes = Vec::new();
        value.serialize(Compact(&mut bytes))?;
        Ok(String::from_utf8(bytes).expect("UTF-8"))
    }

    #[test]
    fn structs_are_objects() {
        let round = Thing { the_shape: Shape::Round, others: vec![], maybe: None, nothing: () };
        let square = Thing { the_shape: Shape::Square(1.5), others: vec![round], maybe: Some(7), nothing: () };
        let text = written(&square).expect("JSON");
        assert_eq!(
            text,
            r#"{"theShape":{"Square":1.5},"others":[{"theShape":"Round","others":[],"nothing":null}],"maybe":7,"nothing":null}"#
        );
        assert_eq!(text, serde_json::to_string(&square).expect("JSON"));
    }

    #[test]
    fn what_no_answer_has_is_an_error() {
        let error = written(&("a", "tuple")).expect_err("no JSON of ours");
        assert_eq!(error.to_string(), "a tuple has no place in an answer");
    }

    proptest! {
        #[test]
        fn values_are_written_as_serde_json_does(
            texts in btree_map(any::<String>(), option::of(vec(any::<String>(), 0..3)), 0..3),
            integer in any::<i64>(),
            natural in any::<u64>(),
            double in any::<f64>(),
            truth in any::<bool>(),
        ) {
            prop_assert_eq!(written(&texts)?, serde_json::to_string(&texts)?);
            prop_assert_eq!(written(&integer)?, serde_json::to_string(&integer)?);
            prop_assert_eq!(written(&natural)?, serde_json::to_string(&natural)?);
            prop_assert_eq!(written(&double)?, serde_json::to_string(&double)?);
            prop_assert_eq!(written(&truth)?, serde_json::to_string(&truth)?);
        }
    }
}
