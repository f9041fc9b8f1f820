use std::time::Duration;

use super::{Because, BudgetLimits, Ending};

/// The longest cool-down.
const DAY: Duration = Duration::from_secs(86_400);

/// An address, or a provider: what it has had.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer {
    open: usize,
    latest: Duration,
    period_began: Duration,
    in_period: u32,
    /// Nothing before that.
    cool_until: Duration,
    /// How often it was pushed back in a row.
    pushed_back: u32,
}

impl Peer {
    /// With its first connection.
    pub(super) fn new(now: Duration) -> Self {
        Self {
            open: 1,
            latest: now,
            period_began: now,
            in_period: 1,
            cool_until: Duration::ZERO,
            pushed_back: 0,
        }
    }

    /// Whether one more connection may be made; if not, when to ask again. What takes longest counts first.
    pub(super) fn check(
        &self,
        whole: bool,
        now: Duration,
        limits: &BudgetLimits,
        first_return: Duration,
    ) -> Result<(), (Duration, Because)> {
        let (at_a_time, spacing, connections) = match whole {
            true => (
                limits.provider_at_a_time,
                limits.provider_spacing,
                limits.provider_connections,
            ),
            false => (limits.at_a_time, limits.spacing, limits.connections),
        };
        let because = |own, providers| if whole { providers } else { own };
        let period_ends = self.period_began.saturating_add(limits.period);
        let next = self.latest.saturating_add(spacing);
        if now < self.cool_until {
            Err((self.cool_until, Because::CoolDown))
        } else if self.in_period >= connections && now < period_ends {
            Err((period_ends, because(Because::Spent, Because::ProviderSpent)))
        } else if self.open >= at_a_time {
            let at = first_return.max(next);
            Err((at, because(Because::Busy, Because::ProviderBusy)))
        } else if now < next {
            Err((next, because(Because::Spacing, Because::ProviderSpacing)))
        } else {
            Ok(())
        }
    }

    pub(super) fn open(&mut self, now: Duration, limits: &BudgetLimits) {
        if now >= self.period_began.saturating_add(limits.period) {
            self.period_began = now;
            self.in_period = 0;
        }
        self.open += 1;
        self.in_period = self.in_period.saturating_add(1);
        self.latest = now;
    }

    pub(super) fn close(&mut self, ending: Ending, now: Duration, limits: &BudgetLimits) {
        self.open = self.open.saturating_sub(1);
        match ending {
            Ending::Quiet => {}
            Ending::PushedBack { retry_after } => {
                if now >= self.cool_until.saturating_add(limits.period) {
                    self.pushed_back = 0;
                }
                let doubled = 2u32.saturating_pow(self.pushed_back);
                let pause = limits.cool_down.saturating_mul(doubled).min(DAY);
                let pause = pause.max(retry_after.unwrap_or_default().min(DAY));
                self.cool_until = self.cool_until.max(now.saturating_add(pause));
                self.pushed_back = self.pushed_back.saturating_add(1);
            }
        }
    }

    /// Until when forgetting it would change an answer; one in use has no such time.
    pub(super) fn is_needed_until(&self, limits: &BudgetLimits) -> Duration {
        if self.open > 0 {
            return Duration::MAX;
        }
        let spacing = limits.spacing.max(limits.provider_spacing);
        let counted = self.period_began.saturating_add(limits.period);
        let mut until = counted.max(self.latest.saturating_add(spacing));
        if self.pushed_back > 0 {
            // A period longer, because the next time would count as another in a row.
            until = until.max(self.cool_until.saturating_add(limits.period));
        }
        until
    }
}
