//! Times that are free.

use canvalo_sdk::Period;
use chrono::{DateTime, FixedOffset, NaiveDate};

use crate::calendar::Entry;
use crate::clock::Clock;
use crate::hours::{Hours, minute};
use crate::person;
use crate::slot::Slot;

/// Appointments start on the quarter hour.
const STEP: u32 = 15;

/// What is looked for.
#[derive(Debug, Clone)]
pub struct Search<'a> {
    /// The days.
    pub period: Period,
    /// How long it has to be free.
    pub minutes: u32,
    /// Whose time it is; empty for everybody's.
    pub person: &'a str,
    /// When people work.
    pub hours: Hours,
    /// The time of the question: nothing before it is free.
    pub now: DateTime<FixedOffset>,
}

impl Search<'_> {
    /// Each stretch that is free, from its first possible start to its end.
    pub fn stretches(&self, entries: &[Entry]) -> Vec<(NaiveDate, Slot)> {
        let days = self.period.from.iter_days().take_while(|day| *day <= self.period.to);
        let on = |day: NaiveDate| {
            let open = self.hours.on(day, self.now);
            open.map_or_else(Vec::new, |open| gaps(open, &self.taken(entries, day), self.minutes))
        };
        days.flat_map(|day| on(day).into_iter().map(move |slot| (day, slot))).collect()
    }

    /// Times to offer: the beginning of each free stretch, or this time on each day that has it free. A time that somebody
    /// asks for need not be within working hours.
    pub fn offers(&self, entries: &[Entry], at: Option<Clock>) -> Vec<(NaiveDate, Slot)> {
        let Some(at) = at else {
            let first =
                |(day, slot): (NaiveDate, Slot)| (day, Slot { start: slot.start, end: slot.start + self.minutes });
            return self.stretches(entries).into_iter().map(first).collect();
        };
        let Some(slot) = Slot::lasting(at, self.minutes) else { return Vec::new() };
        let days = self.period.from.iter_days().take_while(|day| *day <= self.period.to);
        let free = |day: &NaiveDate| {
            self.hours.works(*day)
                && !is_past(*day, slot, self.now)
                && self.taken(entries, *day).iter().all(|taken| !taken.overlaps(slot))
        };
        days.filter(free).map(|day| (day, slot)).collect()
    }

    fn taken(&self, entries: &[Entry], day: NaiveDate) -> Vec<Slot> {
        let taken = entries.iter().filter(|entry| entry.date == day && person::shared(&entry.assigned_to, self.person));
        taken.filter_map(|entry| entry.slot).collect()
    }
}

/// Whether a time has begun already.
pub fn is_past(day: NaiveDate, slot: Slot, now: DateTime<FixedOffset>) -> bool {
    (day, slot.start) < (now.date_naive(), minute(now))
}

/// What is left of a day, in stretches that are long enough and start on the quarter hour.
fn gaps(open: Slot, taken: &[Slot], minutes: u32) -> Vec<Slot> {
    let mut taken = taken.to_vec();
    taken.sort();
    let mut gaps = Vec::new();
    let mut start = open.start;
    for end_of_day in taken.into_iter().chain([Slot { start: open.end, end: open.end }]) {
        let gap = Slot { start: start.next_multiple_of(STEP), end: end_of_day.start.min(open.end) };
        if gap.start + minutes <= gap.end {
            gaps.push(gap);
        }
        start = start.max(end_of_day.end);
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(text: &str) -> Slot {
        let minutes = |clock: &str| {
            let (hours, minutes) = clock.split_once(':').unwrap();
            hours.parse::<u32>().unwrap() * 60 + minutes.parse::<u32>().unwrap()
        };
        let (start, end) = text.split_once('-').unwrap();
        Slot { start: minutes(start), end: minutes(end) }
    }

    fn left(taken: &[&str], minutes: u32) -> Vec<String> {
        let taken: Vec<Slot> = taken.iter().map(|taken| slot(taken)).collect();
        gaps(slot("08:00-17:00"), &taken, minutes).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_left_of_a_day_is_long_enough_and_starts_on_the_quarter_hour() {
        assert_eq!(left(&[], 60), ["08:00-17:00"]);
        assert_eq!(left(&["09:00-10:00"], 60), ["08:00-09:00", "10:00-17:00"]);
        assert_eq!(left(&["09:00-10:00"], 61), ["10:00-17:00"]);
        assert_eq!(left(&["08:00-09:50", "11:10-16:00"], 60), ["10:00-11:10", "16:00-17:00"]);
        assert_eq!(left(&["08:00-09:50", "11:10-16:00"], 80), Vec::<String>::new());
        assert_eq!(left(&["13:00-14:00", "09:00-15:00", "10:00-11:00"], 30), ["08:00-09:00", "15:00-17:00"]);
        assert_eq!(left(&["06:00-09:00", "16:00-20:00"], 60), ["09:00-16:00"]);
        assert_eq!(left(&["18:00-19:00"], 60), ["08:00-17:00"]);
        assert_eq!(left(&["00:00-24:00"], 15), Vec::<String>::new());
        assert_eq!(left(&[], 9 * 60 + 1), Vec::<String>::new());
    }

    fn entry(date: &str, taken: &str, assigned_to: &str) -> Entry {
        Entry {
            id: String::new(),
            date: date.parse().unwrap(),
            slot: (!taken.is_empty()).then(|| slot(taken)),
            title: String::new(),
            client: String::new(),
            assigned_to: assigned_to.to_owned(),
        }
    }

    fn search(from: &str, to: &str, person: &'static str) -> Search<'static> {
        Search {
            period: Period { from: from.parse().unwrap(), to: to.parse().unwrap() },
            minutes: 60,
            person,
            hours: Hours::usual(),
            now: DateTime::parse_from_rfc3339("2026-03-09T16:20:00-05:00").unwrap(),
        }
    }

    fn shown(times: Vec<(NaiveDate, Slot)>) -> Vec<String> {
        times.into_iter().map(|(day, slot)| format!("{} {slot}", day.format("%a %d"))).collect()
    }

    #[test]
    fn weekends_and_what_is_over_are_never_free() {
        let free = shown(search("2026-03-06", "2026-03-15", "").stretches(&[]));
        assert_eq!(free, ["Tue 10 08:00-17:00", "Wed 11 08:00-17:00", "Thu 12 08:00-17:00", "Fri 13 08:00-17:00"]);
        let mut short = search("2026-03-09", "2026-03-09", "");
        short.minutes = 30;
        assert_eq!(shown(short.stretches(&[])), ["Mon 09 16:30-17:00"], "today counts from the next quarter hour");
    }

    #[test]
    fn a_time_is_over_once_its_minute_has_passed() {
        let now = |text: &str| DateTime::parse_from_rfc3339(text).unwrap();
        let past = |start: &str, at: &str| is_past("2026-03-09".parse().unwrap(), slot(start), now(at));
        assert!(!past("16:20-17:00", "2026-03-09T16:20:00-05:00"));
        assert!(past("16:20-17:00", "2026-03-09T16:20:01-05:00"));
        assert!(past("16:19-17:00", "2026-03-09T16:20:00-05:00"));
        assert!(past("16:20-17:00", "2026-03-10T00:00:00-05:00"));
        assert!(!past("08:00-09:00", "2026-03-08T23:00:00-05:00"));
    }

    #[test]
    fn the_day_the_clocks_change_is_a_day_like_any_other() {
        // Sunday 8 March 2026 has 23 hours in Chicago.
        let mut search = search("2026-03-08", "2026-03-08", "");
        search.hours = Hours::given(&[crate::hours::Day::Sunday], None, None).unwrap();
        search.now = DateTime::parse_from_rfc3339("2026-03-08T01:30:00-06:00").unwrap();
        assert_eq!(
            shown(search.stretches(&[entry("2026-03-08", "09:00-10:00", "")])),
            ["Sun 08 08:00-09:00", "Sun 08 10:00-17:00"]
        );
    }

    #[test]
    fn a_persons_time_is_taken_by_their_appointments_and_by_those_of_nobody() {
        let entries = [
            entry("2026-03-10", "08:00-12:00", "Tanya"),
            entry("2026-03-10", "13:00-14:00", "Luis"),
            entry("2026-03-10", "15:00-17:00", ""),
            entry("2026-03-10", "", "Tanya"),
            entry("2026-03-11", "08:00-17:00", "Tanya"),
        ];
        let of = |person| shown(search("2026-03-10", "2026-03-10", person).stretches(&entries));
        assert_eq!(of("Tanya"), ["Tue 10 12:00-15:00"]);
        assert_eq!(of("luis"), ["Tue 10 08:00-13:00", "Tue 10 14:00-15:00"]);
        assert_eq!(of(""), ["Tue 10 12:00-13:00", "Tue 10 14:00-15:00"]);
    }

    #[test]
    fn offers_begin_where_a_stretch_does_or_are_at_the_time_asked_for() {
        let entries = [entry("2026-03-10", "10:30-11:30", ""), entry("2026-03-11", "18:00-19:00", "")];
        let search = search("2026-03-09", "2026-03-12", "");
        assert_eq!(
            shown(search.offers(&entries, None)),
            ["Tue 10 08:00-09:00", "Tue 10 11:30-12:30", "Wed 11 08:00-09:00", "Thu 12 08:00-09:00"]
        );
        let at = |text: &str| shown(search.offers(&entries, Some(serde_json::from_value(text.into()).unwrap())));
        assert_eq!(at("11:00"), ["Wed 11 11:00-12:00", "Thu 12 11:00-12:00"]);
        assert_eq!(at("18:30"), ["Mon 09 18:30-19:30", "Tue 10 18:30-19:30", "Thu 12 18:30-19:30"]);
        assert_eq!(at("23:30"), Vec::<String>::new());
    }
}
