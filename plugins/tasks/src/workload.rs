//! Who has how much to do.

use std::collections::BTreeMap;

use canvalo_sdk::Row;

/// A person's open tasks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Load {
    /// Who; empty for what nobody has.
    pub person: String,
    /// All open tasks.
    pub open: i64,
    /// Those that are urgent or of high priority.
    pub pressing: i64,
    /// Those whose due date has passed.
    pub overdue: i64,
    /// Those due soon.
    pub soon: i64,
}

/// Brings together groups by `assigned_to` with a count called `tasks`: open, pressing, overdue, soon. A name counts once
/// however it is capitalised. Most open tasks first, and what nobody has at the end.
pub fn loads(groups: [&[Row]; 4]) -> Vec<Load> {
    let mut loads: BTreeMap<String, Load> = BTreeMap::new();
    for (kind, groups) in groups.into_iter().enumerate() {
        for group in groups {
            let person = group.text("assigned_to").trim();
            let load = loads.entry(person.to_lowercase()).or_default();
            if load.person.is_empty() {
                person.clone_into(&mut load.person);
            }
            let count = match kind {
                0 => &mut load.open,
                1 => &mut load.pressing,
                2 => &mut load.overdue,
                _ => &mut load.soon,
            };
            *count += group.integer("tasks");
        }
    }
    let mut loads: Vec<Load> = loads.into_values().collect();
    loads.sort_by_key(|load| (load.person.is_empty(), std::cmp::Reverse(load.open)));
    loads
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn groups(counts: &[(Value, i64)]) -> Vec<Row> {
        let group = |(person, tasks): &(Value, i64)| json!({ "assigned_to": person, "tasks": tasks });
        counts.iter().map(|count| Row(group(count).as_object().unwrap().clone())).collect()
    }

    #[test]
    fn counts_come_together_by_person_however_the_name_is_written() {
        let open =
            groups(&[("Ana".into(), 2), ("JOE".into(), 3), ("ana ".into(), 2), (Value::Null, 8), ("".into(), 1)]);
        let pressing = groups(&[("joe".into(), 1)]);
        let overdue = groups(&[("Ana".into(), 1), (Value::Null, 2)]);
        let shown = |load: &Load| (load.person.clone(), load.open, load.pressing, load.overdue, load.soon);
        let loads: Vec<_> = loads([&open, &pressing, &overdue, &[]]).iter().map(shown).collect();
        assert_eq!(
            loads,
            [("Ana".to_owned(), 4, 0, 1, 0), ("JOE".to_owned(), 3, 1, 0, 0), (String::new(), 9, 0, 2, 0)]
        );
    }

    #[test]
    fn nothing_to_do_is_nobody() {
        assert_eq!(loads([&[], &[], &[], &[]]), []);
    }
}
