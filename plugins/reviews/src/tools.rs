//! The tools besides those of the table.

pub mod draft;
pub mod respond;
pub mod sentiment;
pub mod trend;
pub mod waiting;

use canvalo_sdk::Row;

/// "5 stars: 4", for each rating from the best to the worst, from groups by `rating` with a count called `reviews`.
pub(crate) fn by_stars(groups: &[Row]) -> [(i64, i64); 5] {
    [5, 4, 3, 2, 1].map(|stars| {
        let of_it = groups.iter().filter(|group| group.integer("rating") == stars);
        (stars, of_it.map(|group| group.integer("reviews")).sum())
    })
}
