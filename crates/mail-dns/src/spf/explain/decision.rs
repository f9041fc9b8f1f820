//! Whom a tree of records lets send, and whom not.

use crate::spf::explain::{Opacity, Reach, RecordNode};
use crate::spf::{AddressSet, Place, Qualifier};

/// What an evaluation comes to, for every client at once. Who is in none of the sets of a record gets *neutral* from it.
#[derive(Debug, Default)]
pub(in crate::spf) struct Decision {
    pub(in crate::spf) pass: AddressSet,
    /// An evaluation ends in an error.
    pub(in crate::spf) error: AddressSet,
    /// Those for whom it has ended, in whatever way.
    decided: AddressSet,
    pub(in crate::spf) opacity: Opacity,
    /// Terms that decide about nobody: all whom they match are decided before.
    pub(in crate::spf) covered: Vec<Place>,
}

impl Decision {
    pub(in crate::spf) fn of(root: &RecordNode) -> Self {
        let mut decision = Self::default();
        decision.take(root);
        decision
    }

    /// Takes the terms of a record in order, as an evaluation does.
    fn take(&mut self, node: &RecordNode) {
        if node.record().is_none() {
            return self.fail(&AddressSet::everything());
        }
        for term in &node.terms {
            match (&term.reach, &term.child) {
                (Reach::All, _) => self.matched(&AddressSet::everything(), term.qualifier),
                (Reach::Addresses(set), _) => {
                    if !set.is_empty() && set.without(&self.decided).is_empty() {
                        self.covered.push(Place {
                            domain: node.domain.clone(),
                            span: term.span,
                        });
                    }
                    self.matched(set, term.qualifier);
                }
                (Reach::Child, Some(child)) => {
                    let mut inner = Self::of(child);
                    self.covered.append(&mut inner.covered);
                    self.child(&inner, term.qualifier);
                }
                (Reach::Client, _) => {
                    let adds = term
                        .qualifier
                        .is_none_or(|qualifier| qualifier == Qualifier::Pass);
                    // No record at the name, or too many MX records, is a permerror.
                    let ends = term.is_include || term.is_mx;
                    let removes = ends || term.qualifier != Some(Qualifier::Pass);
                    self.opacity.may_add |= adds;
                    self.opacity.may_remove |= removes;
                }
                _ => self.fail(&AddressSet::everything()),
            }
            if term.failures.ipv4.is_some() {
                self.fail(&AddressSet::every_ipv4());
            }
            if term.failures.ipv6.is_some() {
                self.fail(&AddressSet::every_ipv6());
            }
        }
        if node.left_out > 0 {
            self.fail(&AddressSet::everything());
        }
    }

    fn matched(&mut self, set: &AddressSet, qualifier: Option<Qualifier>) {
        if qualifier == Some(Qualifier::Pass) {
            self.pass.union(&set.without(&self.decided));
        }
        self.decided.union(set);
    }

    fn fail(&mut self, set: &AddressSet) {
        self.error.union(&set.without(&self.decided));
        self.decided.union(set);
    }

    /// An include matches those whom the other record passes; what that says of all others decides nothing here, but an error does. A
    /// redirect decides about everybody.
    fn child(&mut self, inner: &Self, qualifier: Option<Qualifier>) {
        let is_pass = qualifier.is_none_or(|qualifier| qualifier == Qualifier::Pass);
        if is_pass {
            self.opacity.may_add |= inner.opacity.may_add;
            self.opacity.may_remove |= inner.opacity.may_remove;
        } else {
            // Who passes there is kept out here.
            self.opacity.may_remove |= inner.opacity.may_add;
            self.opacity.may_add |= inner.opacity.may_remove;
        }
        match qualifier {
            None => {
                self.pass.union(&inner.pass.without(&self.decided));
                self.error.union(&inner.error.without(&self.decided));
                self.decided.union(&inner.decided);
            }
            qualifier => {
                self.matched(&inner.pass, qualifier);
                self.fail(&inner.error);
            }
        }
    }
}
