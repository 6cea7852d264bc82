//! One value as JSON text.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Error, value::RawValue};

/// A value that is JSON text already: it passes through nodes that know nothing of its type. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Json(Arc<str>);

impl Json {
    /// Encodes a value.
    ///
    /// # Errors
    ///
    /// It cannot be JSON.
    pub fn encode(value: &(impl Serialize + ?Sized)) -> Result<Self, Error> {
        Ok(Json(serde_json::to_string(value)?.into()))
    }

    /// Checks that `text` is JSON, of any depth.
    ///
    /// # Errors
    ///
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Ok(Json::from(serde_json::from_str::<&RawValue>(text)?))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Decodes it.
    ///
    /// # Errors
    ///
    /// It does not fit `T`, or is nested deeper than 128 levels.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_str(&self.0)
    }
}

impl From<&RawValue> for Json {
    fn from(raw: &RawValue) -> Self {
        Json(raw.get().into())
    }
}
