//! Reads the fields of a message from the front.

/// The octets of a message that are not read yet, and how many were.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    message: &'static str,
    rest: &'a [u8],
    length: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(message: &'static str, octets: &'a [u8]) -> Self {
        Self {
            message,
            rest: octets,
            length: octets.len(),
        }
    }

    pub(super) fn take(&mut self, count: usize, what: &str) -> Result<&'a [u8], String> {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else {
            return Err(format!(
                "expected {what} of {count} octets at octet {} of {}, found {}",
                self.length - self.rest.len(),
                self.message,
                self.rest.len(),
            ));
        };
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], String> {
        let taken = self.take(N, what)?;
        Ok(taken.try_into().unwrap_or([0; N]))
    }

    pub(super) fn u8(&mut self, what: &str) -> Result<u8, String> {
        self.array(what).map(u8::from_be_bytes)
    }

    pub(super) fn u16(&mut self, what: &str) -> Result<u16, String> {
        self.array(what).map(u16::from_be_bytes)
    }

    /// A list whose length is a number of `N` octets, at most four.
    pub(super) fn list<const N: usize>(&mut self, what: &str) -> Result<&'a [u8], String> {
        let length = self.array::<N>(what)?;
        let length = length
            .iter()
            .fold(0_usize, |sum, &octet| sum << 8 | usize::from(octet));
        self.take(length, what)
    }

    /// A list as a reader of its own, which tells places within the list.
    pub(super) fn inner<const N: usize>(
        &mut self,
        name: &'static str,
    ) -> Result<Reader<'a>, String> {
        self.list::<N>(name).map(|octets| Reader::new(name, octets))
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// What is to be said of octets that follow the last field, if there are any.
    pub(super) fn surplus(&self) -> Option<String> {
        let left = self.rest.len();
        (left > 0).then(|| format!("expected the end of {}, found {left} octets", self.message))
    }
}
