//! The database's contents: what every Supabase project starts with, then the project's own migrations and seed, with
//! the bookkeeping of the Supabase CLI.

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use tokio_postgres::Client;

use super::home::random_secret;
use crate::hex::hex;

const BOOTSTRAP: &str = include_str!("bootstrap.sql");
const AUTH_SCHEMA: &str = include_str!("auth/schema.sql");
/// The seed in the order of `supabase/config.toml`, each file under the name by which the Supabase CLI records it.
const SEED: [(&str, &str); 2] = [
    ("supabase/users.sql", include_str!("../../../supabase/users.sql")),
    ("supabase/seed.sql", include_str!("../../../supabase/seed.sql")),
];

macro_rules! migrations {
    ($($file:literal),* $(,)?) => {
        [$(($file, include_str!(concat!("../../../supabase/migrations/", $file)))),*]
    };
}
/// The migrations in order, file name and text. A test compares the list with the folder.
const MIGRATIONS: &[(&str, &str)] = &migrations![
    "20250601000000_api_schema.sql",
    "20250601000100_contacts_and_projects.sql",
    "20250601000200_invoices_and_proposals.sql",
    "20250601000300_appointments_tasks_and_goals.sql",
    "20250601000400_reviews_and_campaigns.sql",
    "20250601000500_agent_conversations.sql",
    "20250601000600_aggregate.sql",
    "20250601000700_analysis.sql",
    "20250601000800_agent_usage.sql",
    "20250601000900_large_tables.sql",
    "20250601001000_best_campaigns.sql",
];

/// Of the roles that servers connect as, new with every start.
pub(super) struct Passwords {
    pub(super) authenticator: String,
    pub(super) auth_admin: String,
}

impl Passwords {
    pub(super) fn random() -> Result<Self> {
        Ok(Self { authenticator: random_secret()?, auth_admin: random_secret()? })
    }
}

/// Brings the database up to date. Every step is a transaction of its own, recorded in it, so an interrupted start is
/// taken up where it stopped.
pub(super) async fn prepare(
    client: &mut Client,
    passwords: &Passwords,
    seed: bool,
    progress: &mut (impl FnMut(&str) + Send),
) -> Result<()> {
    let transaction = client.transaction().await?;
    transaction.batch_execute("set local client_min_messages = warning").await?;
    transaction.batch_execute(BOOTSTRAP).await.context("can't make Supabase's roles")?;
    transaction.batch_execute(AUTH_SCHEMA).await.context("can't make the tables of Supabase Auth")?;
    // The passwords are made of letters, digits, - and _.
    for (role, password) in
        [("authenticator", &passwords.authenticator), ("supabase_auth_admin", &passwords.auth_admin)]
    {
        transaction.batch_execute(&format!("alter role {role} password '{password}'")).await?;
    }
    let rows = transaction
        .query("select version, coalesce(statements[1], '') from supabase_migrations.schema_migrations", &[])
        .await?;
    let applied: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let rows = transaction.query("select path from supabase_migrations.seed_files", &[]).await?;
    let seeded: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    transaction.commit().await?;

    let pending = pending(MIGRATIONS, &applied)?;
    if !pending.is_empty() {
        progress("Applying the migrations ...");
    }
    for (file, sql) in pending {
        let (version, name) = parts(file);
        let transaction = client.transaction().await?;
        transaction.batch_execute(sql).await.with_context(|| format!("migration {file} fails"))?;
        transaction
            .execute(
                "insert into supabase_migrations.schema_migrations values ($1, $2, $3)",
                &[&version, &vec![sql], &name],
            )
            .await?;
        transaction.commit().await?;
    }

    let missing: Vec<_> = SEED.iter().filter(|(path, _)| seed && !seeded.iter().any(|seeded| seeded == path)).collect();
    if !missing.is_empty() {
        progress("Adding the seed data ...");
    }
    for (path, sql) in missing {
        let transaction = client.transaction().await?;
        transaction.batch_execute(sql).await.with_context(|| format!("the seed {path} fails"))?;
        let hash = hex(&Sha256::digest(sql));
        transaction.execute("insert into supabase_migrations.seed_files values ($1, $2)", &[path, &hash]).await?;
        transaction.commit().await?;
    }
    Ok(())
}

/// What is still to apply. `applied` are versions and texts.
fn pending<'a>(known: &'a [(&'a str, &'a str)], applied: &[(String, String)]) -> Result<Vec<(&'a str, &'a str)>> {
    for (version, text) in applied {
        match known.iter().find(|(file, _)| parts(file).0 == version) {
            Some((_, sql)) if sql == text => {}
            Some((file, _)) => bail!(
                "migration {file} has changed since it was applied to the local database: start with a fresh CANVALO_HOME"
            ),
            None => bail!(
                "the local database has a migration {version} that this build doesn't know: start with a fresh \
                 CANVALO_HOME, or use the build that made it"
            ),
        }
    }
    Ok(known.iter().filter(|(file, _)| applied.iter().all(|(version, _)| parts(file).0 != version)).copied().collect())
}

/// `20250601000000_api_schema.sql` is version `20250601000000`, name `api_schema`.
fn parts(file: &str) -> (&str, &str) {
    file.trim_end_matches(".sql").split_once('_').unwrap_or((file, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_in_the_folder_is_in_the_list_in_order() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../supabase/migrations");
        let mut files: Vec<String> =
            folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        files.sort();
        let listed: Vec<&str> = MIGRATIONS.iter().map(|(file, _)| *file).collect();
        assert_eq!(listed, files);
    }

    #[test]
    fn the_seed_is_the_one_that_the_supabase_cli_reads() {
        let config: toml::Table = include_str!("../../../supabase/config.toml").parse().unwrap();
        let told = config["db"]["seed"]["sql_paths"].as_array().unwrap().iter();
        let told: Vec<String> = told.map(|path| path.as_str().unwrap().replacen("./", "supabase/", 1)).collect();
        assert_eq!(SEED.map(|(path, _)| path.to_owned()).to_vec(), told);
    }

    #[test]
    fn a_migration_that_changed_or_is_unknown_is_refused_by_name() {
        let known = [("1_one.sql", "create one"), ("2_two.sql", "create two")];
        let applied = |version: &str, text: &str| vec![(version.to_owned(), text.to_owned())];
        assert_eq!(pending(&known, &applied("1", "create one")).unwrap(), [("2_two.sql", "create two")]);
        let changed = pending(&known, &applied("1", "create 1")).unwrap_err().to_string();
        assert!(changed.contains("1_one.sql") && changed.contains("CANVALO_HOME"), "{changed}");
        let unknown = pending(&known, &applied("3", "create three")).unwrap_err().to_string();
        assert!(unknown.contains("migration 3") && unknown.contains("CANVALO_HOME"), "{unknown}");
    }
}
