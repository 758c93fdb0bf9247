//! What a sandbox, a turn and a start cost. Prints one table; nothing here passes or fails.

mod in_process;
mod native;
mod server;

/// One line of the table.
struct Row {
    what: &'static str,
    figure: String,
    target: &'static str,
}

fn main() {
    let mut rows = in_process::measure();
    rows.extend(server::measure());
    println!("\n| what | median | target |\n| --- | ---: | ---: |");
    for Row { what, figure, target } in rows {
        println!("| {what} | {figure} | {target} |");
    }
}

/// The middle one.
fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}
