//! The fields of `message/delivery-status` and `message/feedback-report`: groups of `Name: value`, parted by empty lines
//! (RFC 3464 §2.1).

/// So many groups are read: one for the message and one for each recipient.
const MAX_GROUPS: usize = 257;
/// So many fields of a group, and so many octets of a value.
const MAX_FIELDS: usize = 64;
const MAX_VALUE: usize = 4096;

/// One group of fields, names in lower case.
#[derive(Debug, Default)]
pub(super) struct Group {
    fields: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Group {
    /// The value of the first field of that name that says something.
    pub(super) fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.fields
            .iter()
            .filter(|(field, _)| field == name)
            .map(|(_, value)| value.trim_ascii())
            .find(|value| !value.is_empty())
    }

    /// The values of all fields of that name.
    pub(super) fn all(&self, name: &'static [u8]) -> impl Iterator<Item = &[u8]> {
        let named = self.fields.iter().filter(move |(field, _)| field == name);
        named
            .map(|(_, value)| value.trim_ascii())
            .filter(|value| !value.is_empty())
    }

    /// The value behind its type: `rfc822; a@b.example` and `dns; mx.example` are `a@b.example` and `mx.example`.
    pub(super) fn typed(&self, name: &[u8]) -> Option<&[u8]> {
        let value = self.get(name)?;
        let behind = memchr::memchr(b';', value).and_then(|at| value.get(at + 1..));
        Some(behind.unwrap_or(value).trim_ascii())
    }

    /// Whether it is about a recipient.
    pub(super) fn is_recipient(&self) -> bool {
        let has = |name: &[u8]| self.get(name).is_some();
        has(b"final-recipient")
            || has(b"original-recipient")
            || has(b"x-actual-recipient")
            || (has(b"action") && has(b"status"))
    }

    fn push(&mut self, name: &[u8], value: &[u8]) {
        if self.fields.len() < MAX_FIELDS {
            self.fields
                .push((name.to_ascii_lowercase(), bounded(value).to_vec()));
        }
    }

    fn extend(&mut self, line: &[u8]) {
        if let Some((_, value)) = self.fields.last_mut()
            && value.len() + line.len() < MAX_VALUE
        {
            value.push(b'\n');
            value.extend_from_slice(line);
        }
    }
}

/// The groups of `text`; lines that are no fields are passed over.
pub(super) fn groups(text: &[u8]) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut group = Group::default();
    for line in text.split(|octet| *octet == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.trim_ascii().is_empty() {
            if !group.fields.is_empty() {
                groups.push(std::mem::take(&mut group));
            }
            if groups.len() >= MAX_GROUPS {
                return groups;
            }
        } else if line.starts_with(b" ") || line.starts_with(b"\t") {
            group.extend(line.trim_ascii());
        } else if let Some((name, value)) = field(line) {
            // Some systems put no empty line between recipients.
            if name.eq_ignore_ascii_case(b"final-recipient")
                && group.get(b"final-recipient").is_some()
                && group.get(b"action").is_some()
            {
                groups.push(std::mem::take(&mut group));
            }
            group.push(name, value);
        }
    }
    if !group.fields.is_empty() {
        groups.push(group);
    }
    groups
}

/// `Name: value`, with a name of letters and hyphens (RFC 3464 §2.1.1 restricts nothing more in practice).
fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr::memchr(b':', line.get(..64).unwrap_or(line))?;
    let (name, value) = line.split_at_checked(colon)?;
    let fits = !name.is_empty()
        && name
            .iter()
            .all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-');
    fits.then(|| (name, value.get(1..).unwrap_or_default()))
}

fn bounded(value: &[u8]) -> &[u8] {
    value.get(..MAX_VALUE).unwrap_or(value)
}
