//! Who is on a team.

/// People in the spelling of those who are known.
pub fn spelled<'a>(people: &[&'a str], known: &[&'a str]) -> Vec<&'a str> {
    let spelled = |person: &&'a str| known.iter().find(|member| same(member, person)).copied().unwrap_or(person);
    people.iter().map(spelled).collect()
}

/// A team with these people on it; none when nobody is new.
pub fn joined(team: &[&str], people: &[&str]) -> Option<Vec<String>> {
    let mut joined: Vec<String> = team.iter().map(|member| (*member).to_owned()).collect();
    for person in people {
        if !joined.iter().any(|member| same(member, person)) {
            joined.push((*person).to_owned());
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
    fn people_are_spelled_as_they_are_known() {
        assert_eq!(spelled(&["tanya", "joe"], &["Luis", "Tanya"]), ["Tanya", "joe"]);
    }

    #[test]
    fn people_join_once() {
        assert_eq!(joined(&["Luis"], &["Tanya", "Joe", "joe"]).unwrap(), ["Luis", "Tanya", "Joe"]);
        assert_eq!(joined(&[], &["Ana"]).unwrap(), ["Ana"]);
        assert_eq!(joined(&["Luis"], &["LUIS"]), None);
    }

    #[test]
    fn people_leave_only_a_team_they_are_on() {
        assert_eq!(without(&["Luis", "Tanya"], &["luis"]), Ok(vec!["Tanya".to_owned()]));
        assert_eq!(without(&["Luis"], &["Luis"]), Ok(vec![]));
        assert_eq!(without(&["Luis"], &["Luis", "Joe"]), Err("Joe"));
        assert_eq!(without(&[], &["Joe"]), Err("Joe"));
    }
}
