//! A reader of DER that borrows from its input, allocates nothing and never recurses: the
//! caller descends as deep as the structure that it knows.

use super::read_tlv;

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;

/// The extension with a list of SCTs in a certificate, 1.3.6.1.4.1.11129.2.4.2 (RFC 6962 §3.3).
pub(crate) const EMBEDDED_SCT_LIST: &[u8] = &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2];

/// The extension with a list of SCTs in an OCSP response, 1.3.6.1.4.1.11129.2.4.5.
pub(crate) const SCT_LIST: &[u8] = &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 5];

/// A constructed value with this context-specific tag (X.690 §8.1.2).
pub(crate) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// A primitive value with this context-specific tag.
pub(crate) const fn context_primitive(number: u8) -> u8 {
    0x80 | number
}

/// One value with all its octets.
#[derive(Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) value: &'a [u8],
    pub(crate) raw: &'a [u8],
}

/// The values of a sequence, one after the other. `None` from any of its methods says that the
/// octets are not of the form asked for.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// Reads the only value of `input`, which has this tag.
    pub(crate) fn only(input: &'a [u8], tag: u8) -> Option<&'a [u8]> {
        let mut reader = Self::new(input);
        let value = reader.value(tag)?;
        reader.is_empty().then_some(value)
    }

    /// A reader of the contents of the only sequence in `input`.
    pub(crate) fn only_sequence(input: &'a [u8]) -> Option<Self> {
        Self::only(input, SEQUENCE).map(Self::new)
    }

    pub(crate) fn element(&mut self) -> Option<Element<'a>> {
        let (tlv, rest) = read_tlv(self.rest)?;
        let raw = self.rest.get(..self.rest.len() - rest.len())?;
        self.rest = rest;
        Some(Element {
            tag: tlv.tag,
            value: tlv.value,
            raw,
        })
    }

    /// The next value, which has this tag, with all its octets.
    pub(crate) fn tagged(&mut self, tag: u8) -> Option<Element<'a>> {
        self.element().filter(|element| element.tag == tag)
    }

    pub(crate) fn value(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.tagged(tag).map(|element| element.value)
    }

    pub(crate) fn sequence(&mut self) -> Option<Self> {
        self.value(SEQUENCE).map(Self::new)
    }

    /// The next value if it has this tag. The outer `None` says that what follows is no value.
    pub(crate) fn optional(&mut self, tag: u8) -> Option<Option<&'a [u8]>> {
        match self.rest.first() {
            Some(&found) if found == tag => self.value(tag).map(Some),
            _ => Some(None),
        }
    }

    /// The octets of the next value, a BIT STRING with no unused bits.
    pub(crate) fn bit_string(&mut self) -> Option<&'a [u8]> {
        match self.value(BIT_STRING)?.split_first()? {
            (0, octets) => Some(octets),
            _ => None,
        }
    }

    /// The next value, a UTCTime or a GeneralizedTime, in seconds since 1970.
    pub(crate) fn time(&mut self) -> Option<i64> {
        time(self.element()?)
    }

    /// The tag of the next value, if there is one.
    pub(crate) fn peek_tag(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

/// What is told of one `Extension ::= SEQUENCE { extnID, critical DEFAULT FALSE, extnValue }` (RFC 5280 §4.1).
pub(crate) struct Extension<'a> {
    pub(crate) oid: &'a [u8],
    pub(crate) critical: bool,
    pub(crate) value: &'a [u8],
    /// All octets of the extension.
    pub(crate) raw: &'a [u8],
}

impl<'a> Extension<'a> {
    /// Reads the next of the extensions.
    pub(crate) fn next(from: &mut Reader<'a>) -> Option<Self> {
        let element = from.tagged(SEQUENCE)?;
        let mut fields = Reader::new(element.value);
        let oid = fields.value(OID)?;
        let critical = fields.optional(BOOLEAN)?;
        Some(Self {
            oid,
            critical: critical.is_some_and(|octets| octets != [0]),
            value: fields.value(OCTET_STRING)?,
            raw: element.raw,
        })
    }
}

/// The times of RFC 5280 §4.1.2.5: `YYMMDDHHMMSSZ` and `YYYYMMDDHHMMSSZ`, in UTC and to the
/// second. A year of two digits is one from 1950 to 2049.
fn time(element: Element<'_>) -> Option<i64> {
    let (year_digits, digits) = match element.tag {
        UTC_TIME => (2, 12),
        GENERALIZED_TIME => (4, 14),
        _ => return None,
    };
    let (text, zone) = element.value.split_at_checked(digits)?;
    if zone != b"Z" {
        return None;
    }
    let (year, rest) = text.split_at_checked(year_digits)?;
    let year = match (number(year)?, year_digits) {
        (year @ 0..50, 2) => 2000 + year,
        (year, 2) => 1900 + year,
        (year, _) => year,
    };
    let mut fields = rest.chunks_exact(2).map(number);
    let mut field = || fields.next().flatten();
    unix_seconds(year, [field()?, field()?, field()?, field()?, field()?])
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        Some(sum * 10 + i64::from(digit))
    })
}

/// The second of a date and a time of day in UTC, by the proleptic Gregorian calendar. The
/// fields are month, day, hour, minute and second.
pub(crate) fn unix_seconds(year: i64, fields: [i64; 5]) -> Option<i64> {
    let [month, day, hour, minute, second] = fields;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let month_days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return None,
    };
    let in_range = (0..=9999).contains(&year)
        && (1..=month_days).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..60).contains(&second);
    if !in_range {
        return None;
    }
    // Years that begin in March put the leap day last.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days = year * 365 + leap_days + (month * 153 + 2) / 5 + day - 719_469;
    Some(((days * 24 + hour) * 60 + minute) * 60 + second)
}

/// Writes one value with a definite length of the fewest octets (X.690 §10.1).
pub(crate) fn write_tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut written = vec![tag];
    let length = value.len().to_be_bytes();
    let zeros = length.iter().take_while(|&&octet| octet == 0).count();
    let significant = length.get(zeros..).unwrap_or_default();
    match significant {
        [] => written.push(0),
        [short @ 0..=0x7f] => written.push(*short),
        long => {
            // A usize has at most eight octets.
            written.push(0x80 | u8::try_from(long.len()).unwrap_or_default());
            written.extend_from_slice(long);
        }
    }
    written.extend_from_slice(value);
    written
}

#[cfg(test)]
pub(crate) fn write_sequence(parts: &[&[u8]]) -> Vec<u8> {
    write_tlv(SEQUENCE, &parts.concat())
}

#[cfg(test)]
/// A time as `YYYYMMDDHHMMSSZ`.
pub(crate) fn write_time(text: &str) -> Vec<u8> {
    write_tlv(GENERALIZED_TIME, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_time(tag: u8, text: &str, expected: Option<i64>) {
        let der = write_tlv(tag, text.as_bytes());
        assert_eq!(Reader::new(&der).time(), expected, "{text}");
    }

    #[test]
    fn times_are_read_to_the_second() {
        check_time(UTC_TIME, "700101000000Z", Some(0));
        check_time(UTC_TIME, "491231235959Z", Some(2_524_607_999));
        check_time(UTC_TIME, "500101000000Z", Some(-631_152_000));
        check_time(GENERALIZED_TIME, "20260601000000Z", Some(1_780_272_000));
        check_time(GENERALIZED_TIME, "20240229120000Z", Some(1_709_208_000));
    }

    #[test]
    fn times_of_other_forms_are_refused() {
        for text in ["20250229000000Z", "20260601000000", "20260601000000.5Z"] {
            check_time(GENERALIZED_TIME, text, None);
        }
        for text in ["20260601000000+0100", "20261301000000Z", "2026060a000000Z"] {
            check_time(GENERALIZED_TIME, text, None);
        }
        check_time(OCTET_STRING, "20260601000000Z", None);
    }

    #[test]
    fn written_lengths_read_back() {
        for length in [0, 1, 127, 128, 255, 256, 65_535, 65_536] {
            let value = vec![7; length];
            let written = write_tlv(OCTET_STRING, &value);
            assert_eq!(Reader::only(&written, OCTET_STRING), Some(&value[..]));
        }
        assert_eq!(write_tlv(SEQUENCE, &[0; 128])[..3], [0x30, 0x81, 0x80]);
    }

    #[test]
    fn what_follows_an_only_value_is_refused() {
        assert!(Reader::only(&[0x04, 0, 0], OCTET_STRING).is_none());
        assert!(Reader::only(&[0x04, 0], SEQUENCE).is_none());
    }
}
