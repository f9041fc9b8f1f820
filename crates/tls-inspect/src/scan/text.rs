//! Numbers of the registries as text with their names, for reports that people read.
//!
//! A fact of the wire is a number in JSON, and a report is read by eye: here
//! `TLS_AES_128_GCM_SHA256 (0x1301)` stands for 4865. The number in parentheses is what counts
//! when it is read back.

#[cfg(feature = "serde")]
pub(crate) use self::with::{deserialize, serialize};

#[cfg(feature = "serde")]
mod with {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::{Alert, AlertDescription, CipherSuite, NamedGroup, ProtocolVersion};

    /// A number of a registry that is written as text.
    pub(crate) trait Numbered: Sized + std::fmt::Display {
        /// The number's thing, from the text that `Display` writes.
        fn from_text(text: &str) -> Option<Self>;
    }

    /// The number in parentheses at the end: `0x` and hexadecimal digits, or decimal ones.
    fn number(text: &str) -> Option<u16> {
        let (_, number) = text.strip_suffix(')')?.rsplit_once('(')?;
        match number.strip_prefix("0x") {
            Some(digits) => u16::from_str_radix(digits, 16).ok(),
            None => number.parse().ok(),
        }
    }

    impl Numbered for CipherSuite {
        fn from_text(text: &str) -> Option<Self> {
            number(text).map(Self)
        }
    }

    impl Numbered for NamedGroup {
        fn from_text(text: &str) -> Option<Self> {
            number(text).map(Self)
        }
    }

    impl Numbered for ProtocolVersion {
        fn from_text(text: &str) -> Option<Self> {
            let known = [
                Self::SSL_3_0,
                Self::TLS_1_0,
                Self::TLS_1_1,
                Self::TLS_1_2,
                Self::TLS_1_3,
            ];
            known
                .into_iter()
                .find(|version| version.name() == Some(text))
                .or_else(|| number(text).map(Self))
        }
    }

    impl Numbered for Alert {
        fn from_text(text: &str) -> Option<Self> {
            let number = u8::try_from(number(text)?).ok()?;
            Some(Self::new(AlertDescription(number)))
        }
    }

    pub(crate) fn serialize<T: Numbered, S: Serializer>(
        item: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(item)
    }

    pub(crate) fn deserialize<'de, T: Numbered, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        let text = String::deserialize(deserializer)?;
        T::from_text(&text)
            .ok_or_else(|| D::Error::custom("expected a name and its number in parentheses"))
    }

    /// The same for a list.
    pub(crate) mod list {
        use super::*;

        pub(crate) fn serialize<T: Numbered, S: Serializer>(
            items: &[T],
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(items.iter().map(ToString::to_string))
        }

        pub(crate) fn deserialize<'de, T: Numbered, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Vec<T>, D::Error> {
            Vec::<String>::deserialize(deserializer)?
                .iter()
                .map(|text| {
                    T::from_text(text).ok_or_else(|| {
                        D::Error::custom("expected names and their numbers in parentheses")
                    })
                })
                .collect()
        }
    }
}

#[cfg(feature = "serde")]
pub(crate) use self::with::list;
