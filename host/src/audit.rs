//! What operators look back on: calls that were denied, writes, calls of the admin API, and limits that were reached.
//!
//! Each event goes to the log under the target `audit`, and into a bounded memory of this process that the admin API
//! reads. Nothing in it is a row's content, a token or a user's id: a user is the tag that the log has too.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use serde::Serialize;
use utoipa::ToSchema;

use crate::telemetry::metrics::limit_hit;

/// Events kept of each kind, so that many of one don't push out the others. Some 300 bytes each.
const KEPT: usize = 2_000;

/// Reached limits that are recorded in a second: who floods a server must not flood its log as well.
const LIMITS_PER_SECOND: NonZeroU32 = NonZeroU32::new(5).expect("five isn't zero");

/// Something that happened.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schema(as = AuditEvent)]
pub enum Event {
    /// A plugin reached for something that it may not have. Nothing left the host.
    Denial(Denial),
    /// A plugin wrote, or tried to.
    Write(Write),
    /// Somebody called the admin API.
    Admin(AdminCall),
    /// A request was refused because there were too many.
    Limit(LimitReached),
}

/// See [`Event::Denial`].
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AuditDenial)]
pub struct Denial {
    /// `grant.denied`, or `writes.stopped` when an operator has stopped all writes.
    pub event: &'static str,
    /// The plugin.
    #[schema(value_type = String)]
    pub plugin: Arc<str>,
    /// Whom it acted for.
    #[schema(value_type = String)]
    pub user: Arc<str>,
    /// The table reached for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub table: Option<String>,
    /// select, insert, update or delete.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub verb: Option<&'static str>,
    /// The column reached for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub column: Option<String>,
    /// What would allow it.
    pub message: String,
}

/// See [`Event::Write`].
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AuditWrite)]
pub struct Write {
    /// The plugin.
    #[schema(value_type = String)]
    pub plugin: Arc<str>,
    /// Whom it acted for.
    #[schema(value_type = String)]
    pub user: Arc<str>,
    /// The table.
    pub table: String,
    /// insert, update or delete.
    pub verb: &'static str,
    /// How many rows.
    pub rows: usize,
    /// `written`, `refused`, or `unknown` when the data service gave no answer.
    pub outcome: &'static str,
}

/// See [`Event::Admin`].
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AuditAdminCall)]
pub struct AdminCall {
    /// Where it came from.
    #[schema(value_type = String)]
    pub address: IpAddr,
    /// Begins the SHA-256 of the key that was accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub key: Option<Arc<str>>,
    /// As in `POST /api/admin/plugins/invoices/disable`; of a call without the key, the route only.
    pub call: String,
    /// The status it was answered with.
    pub status: u16,
    /// The request's id.
    #[schema(value_type = String)]
    pub request_id: Arc<str>,
}

/// See [`Event::Limit`].
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AuditLimitReached)]
pub struct LimitReached {
    /// `address`, `user`, `turns`, `admin` or `admin-failures`.
    pub limit: &'static str,
    /// Whose it is, where the request came from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub user: Option<Arc<str>>,
    /// Whose it is, where the limit is one of addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub address: Option<IpAddr>,
}

/// An event and when it was.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct Entry {
    /// Counts up over all kinds, from the start of the process.
    pub id: u64,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    #[serde(flatten)]
    pub event: Event,
}

/// Which events are asked for. What isn't said doesn't matter.
#[derive(Debug, Default)]
pub struct Filter {
    /// Of a kind.
    pub kind: Option<Kind>,
    /// Of a plugin.
    pub plugin: Option<String>,
    /// Of a user, by tag.
    pub user: Option<String>,
    /// Not before.
    pub since: Option<DateTime<Utc>>,
}

/// The kinds of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// [`Event::Denial`]
    Denial,
    /// [`Event::Write`]
    Write,
    /// [`Event::Admin`]
    Admin,
    /// [`Event::Limit`]
    Limit,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Denial, Self::Write, Self::Admin, Self::Limit];

    /// As the admin API spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Denial => "denial",
            Self::Write => "write",
            Self::Admin => "admin",
            Self::Limit => "limit",
        }
    }
}

/// The newest events of this process.
pub struct Audit {
    kept: [Mutex<VecDeque<Entry>>; Kind::ALL.len()],
    next: AtomicU64,
    limits: DefaultDirectRateLimiter,
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            kept: Default::default(),
            next: AtomicU64::new(1),
            limits: RateLimiter::direct(Quota::per_second(LIMITS_PER_SECOND)),
        }
    }
}

impl Audit {
    /// Logs an event and keeps it.
    pub fn record(&self, event: Event) {
        if let Event::Limit(reached) = &event {
            limit_hit(reached.limit);
            if self.limits.check().is_err() {
                return;
            }
        }
        event.log();
        let mut kept = self.of(event.kind());
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(Entry { id: self.next.fetch_add(1, Ordering::Relaxed), at: Utc::now(), event });
    }

    /// The newest events that a filter lets through, newest first.
    pub fn newest(&self, filter: &Filter, limit: usize) -> Vec<Entry> {
        let kinds = Kind::ALL.into_iter().filter(|kind| filter.kind.is_none_or(|wanted| wanted == *kind));
        let mut found: Vec<Entry> = Vec::new();
        for kind in kinds {
            let kept = self.of(kind);
            found.extend(kept.iter().rev().filter(|entry| filter.matches(entry)).take(limit).cloned());
        }
        found.sort_by_key(|entry| std::cmp::Reverse(entry.id));
        found.truncate(limit);
        found
    }

    fn of(&self, kind: Kind) -> MutexGuard<'_, VecDeque<Entry>> {
        self.kept[kind as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Event {
    /// Which kind it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Denial(_) => Kind::Denial,
            Self::Write(_) => Kind::Write,
            Self::Admin(_) => Kind::Admin,
            Self::Limit(_) => Kind::Limit,
        }
    }

    fn plugin(&self) -> Option<&str> {
        match self {
            Self::Denial(Denial { plugin, .. }) | Self::Write(Write { plugin, .. }) => Some(plugin),
            Self::Admin(_) | Self::Limit(_) => None,
        }
    }

    fn user(&self) -> Option<&str> {
        match self {
            Self::Denial(Denial { user, .. }) | Self::Write(Write { user, .. }) => Some(user),
            Self::Limit(LimitReached { user, .. }) => user.as_deref(),
            Self::Admin(_) => None,
        }
    }

    fn log(&self) {
        match self {
            Self::Denial(Denial { event, plugin, user, table, verb, column, message }) => {
                tracing::warn!(target: "audit", event, %plugin, %user, table, verb, column, "{message}");
            }
            Self::Write(Write { plugin, user, table, verb, rows, outcome }) => {
                tracing::info!(target: "audit", event = "data.write", %plugin, %user, table, verb, rows, outcome, "write");
            }
            Self::Admin(AdminCall { address, key, call, status, request_id }) => {
                let (key, request) = (key.as_deref(), &**request_id);
                tracing::warn!(target: "audit", event = "admin.call", %address, key, call, status, request, "admin call");
            }
            Self::Limit(LimitReached { limit, user, address }) => {
                let (user, address) = (user.as_deref(), address.map(tracing::field::display));
                tracing::warn!(target: "audit", event = "limit.reached", limit, user, address, "too many requests");
            }
        }
    }
}

impl Filter {
    fn matches(&self, entry: &Entry) -> bool {
        let of = |wanted: &Option<String>, has: Option<&str>| wanted.as_deref().is_none_or(|name| has == Some(name));
        of(&self.plugin, entry.event.plugin())
            && of(&self.user, entry.event.user())
            && self.since.is_none_or(|since| entry.at >= since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denial(plugin: &str, user: &str) -> Event {
        Event::Denial(Denial {
            event: "grant.denied",
            plugin: plugin.into(),
            user: user.into(),
            table: Some("invoices".into()),
            verb: Some("select"),
            column: None,
            message: "no".into(),
        })
    }

    fn write(plugin: &str) -> Event {
        let (user, table) = ("ann".into(), "invoices".into());
        Event::Write(Write { plugin: plugin.into(), user, table, verb: "insert", rows: 1, outcome: "written" })
    }

    fn limit() -> Event {
        Event::Limit(LimitReached { limit: "user", user: Some("ann".into()), address: None })
    }

    fn ids(entries: &[Entry]) -> Vec<u64> {
        entries.iter().map(|entry| entry.id).collect()
    }

    #[test]
    fn events_come_back_newest_first_and_as_they_were_asked_for() {
        let audit = Audit::default();
        for event in [denial("invoices", "ann"), write("invoices"), denial("tasks", "ann"), denial("tasks", "ben")] {
            audit.record(event);
        }
        let filter = Filter::default;
        assert_eq!(ids(&audit.newest(&filter(), 10)), [4, 3, 2, 1]);
        assert_eq!(ids(&audit.newest(&filter(), 2)), [4, 3]);
        assert_eq!(ids(&audit.newest(&Filter { kind: Some(Kind::Write), ..filter() }, 10)), [2]);
        assert_eq!(ids(&audit.newest(&Filter { plugin: Some("invoices".into()), ..filter() }, 10)), [2, 1]);
        let of_ann = Filter { user: Some("ann".into()), plugin: Some("tasks".into()), ..filter() };
        assert_eq!(ids(&audit.newest(&of_ann, 10)), [3]);
        let soon = Filter { since: Some(Utc::now() + chrono::TimeDelta::minutes(1)), ..filter() };
        assert!(audit.newest(&soon, 10).is_empty());
    }

    #[test]
    fn many_events_of_a_kind_push_out_their_own_and_no_others() {
        let audit = Audit::default();
        audit.record(write("invoices"));
        for _ in 0..KEPT + 5 {
            audit.record(denial("invoices", "ann"));
        }
        let denials = audit.newest(&Filter { kind: Some(Kind::Denial), ..Filter::default() }, usize::MAX);
        assert_eq!((denials.len(), denials.last().unwrap().id), (KEPT, 7));
        assert_eq!(audit.newest(&Filter { kind: Some(Kind::Write), ..Filter::default() }, 9).len(), 1);
    }

    #[test]
    fn a_flood_of_refused_requests_is_no_flood_of_events() {
        let audit = Audit::default();
        for _ in 0..10_000 {
            audit.record(limit());
        }
        let kept = audit.newest(&Filter::default(), usize::MAX).len();
        assert!((5..100).contains(&kept), "{kept}");
    }

    #[test]
    fn an_event_is_one_flat_object_and_what_it_does_not_have_is_left_out() {
        let audit = Audit::default();
        audit.record(denial("invoices", "ann"));
        let shown = serde_json::to_value(&audit.newest(&Filter::default(), 1)[0]).unwrap();
        assert_eq!((&shown["kind"], &shown["event"]), (&"denial".into(), &"grant.denied".into()));
        assert_eq!((&shown["table"], shown.get("column")), (&"invoices".into(), None));
        assert!(shown["at"].as_str().is_some_and(|at| at.ends_with('Z')), "{shown}");
    }
}
