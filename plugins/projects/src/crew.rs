//! Who is on a team.

/// A team with these people on it, in the spelling of those who are known; none when nobody is new.
pub fn joined(team: &[&str], people: &[&str], known: &[&str]) -> Option<Vec<String>> {
    let mut joined: Vec<String> = team.iter().map(|member| (*member).to_owned()).collect();
    for person in people {
        let is_person = |member: &&&str| same(member, person);
        let spelled = known.iter().find(is_person).unwrap_or(person);
        if !joined.iter().any(|member| same(member, spelled)) {
            joined.push((*spelled).to_owned());
        }
    }
    (joined.len() > team.len()).then_some(joined)
}

/// A team without these people, or the first of them who is not on it.
pub fn without<'a>(team: &[&str], people: &[&'a str]) -> Result<Vec<String>, &'a str> {
    let on_it = |person: &&&str| team.iter().any(|member| same(member, person));
    if let Some(stranger) = people.iter().find(|person| !on_it(person)) {
        return Err(stranger);
    }
    let stays = |member: &&&str| !people.iter().any(|person| same(member, person));
    Ok(team.iter().filter(stays).map(|member| (*member).to_owned()).collect())
}

/// Names are the same however they are capitalised.
fn same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_join_once_and_in_the_spelling_that_is_known() {
        assert_eq!(joined(&["Luis"], &["tanya", "Joe", "joe"], &["Tanya"]).unwrap(), ["Luis", "Tanya", "Joe"]);
        assert_eq!(joined(&[], &["Ana"], &[]).unwrap(), ["Ana"]);
        assert_eq!(joined(&["Luis"], &["LUIS"], &["Luis"]), None);
    }

    #[test]
    fn people_leave_only_a_team_they_are_on() {
        assert_eq!(without(&["Luis", "Tanya"], &["luis"]), Ok(vec!["Tanya".to_owned()]));
        assert_eq!(without(&["Luis"], &["Luis"]), Ok(vec![]));
        assert_eq!(without(&["Luis"], &["Luis", "Joe"]), Err("Joe"));
        assert_eq!(without(&[], &["Joe"]), Err("Joe"));
    }
}
