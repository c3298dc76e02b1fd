//! An estimate for the eye: one table, as text or as Markdown, and below it what it rests on.

use super::estimate::{Charge, Estimate, Range, ResourceCost, StackCost};
use super::usage::Assumption;
use std::collections::BTreeMap;
use std::fmt::Write;

const HEADINGS: [&str; 6] = ["Resource", "What", "Quantity", "Price", "Least", "Most"];
/// Columns from this one on are numbers.
const FIRST_NUMBER: usize = 2;
/// Digits of a price that say something.
const PRICE_DIGITS: i32 = 4;

type Row = [String; 6];

pub fn text(estimate: &Estimate) -> String {
    let rows = rows(estimate);
    let mut widths = HEADINGS.map(|heading| heading.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &[String]| {
        let cells = cells.iter().zip(widths).enumerate().map(|(at, (cell, width))| match at < FIRST_NUMBER {
            true => format!("{cell:width$}"),
            false => format!("{cell:>width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let mut out = format!("{}\n\n", heading(estimate));
    out += &line(&HEADINGS.map(str::to_owned));
    for row in &rows {
        out += &line(row);
    }
    out + "\n" + &remarks(estimate, "  ")
}

pub fn markdown(estimate: &Estimate) -> String {
    let mut out = format!("{}\n\n| {} |\n", heading(estimate), HEADINGS.join(" | "));
    out += "|---|---|--:|--:|--:|--:|\n";
    for row in rows(estimate) {
        let is_sum = !row[0].starts_with(' ');
        let cells = row.map(|cell| match cell.trim() {
            "" => String::new(),
            cell if is_sum => format!("**{cell}**"),
            cell => cell.to_owned(),
        });
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
    out + "\n" + &remarks(estimate, "- ")
}

/// What was assumed, and nothing else.
pub fn assumptions(assumptions: &[Assumption]) -> String {
    let width = assumptions.iter().map(|each| each.name.len()).max().unwrap_or_default();
    let line = |each: &Assumption| format!("{:width$}  {:>8}  {}\n", each.name, short(each.value), each.meaning);
    assumptions.iter().map(line).collect()
}

fn heading(estimate: &Estimate) -> String {
    format!(
        "A month of {} hours in {}, in {}.\nList prices of {} as known to the maintainers, without taxes, discounts and free \
         tiers: check them before you rely on them.",
        estimate.hours, estimate.region, estimate.currency, estimate.as_of
    )
}

fn rows(estimate: &Estimate) -> Vec<Row> {
    let mut rows = Vec::new();
    for stack in estimate.stacks.iter().filter(|stack| stack.total.most > 0.0) {
        let name = if stack.path.is_empty() { &stack.file } else { &stack.path };
        rows.push(sum_row(name, stack.total));
        for resource in &stack.resources {
            for (at, charge) in resource.charges.iter().enumerate() {
                rows.push(charge_row(resource, at == 0, charge));
            }
        }
    }
    rows.push(sum_row("Total", estimate.total));
    rows
}

fn sum_row(name: &str, sum: Range) -> Row {
    let [least, most] = [money(sum.least), money(sum.most)];
    [name.to_owned(), String::new(), String::new(), String::new(), least, most]
}

fn charge_row(resource: &ResourceCost, is_first: bool, charge: &Charge) -> Row {
    let Range { least, most } = charge.quantity;
    let range = if least == most { number(least) } else { format!("{}–{}", number(least), number(most)) };
    let mark = if charge.price.is_estimate { "~" } else { "" };
    [
        format!("  {}", if is_first { &resource.logical_id } else { "" }),
        charge.what.clone(),
        range,
        format!("{mark}{} per {}", price(charge.price.amount), charge.price.per),
        money(charge.cost.least),
        money(charge.cost.most),
    ]
}

fn remarks(estimate: &Estimate, bullet: &str) -> String {
    let mut out = String::new();
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            let lines: String = lines.iter().map(|line| format!("{bullet}{line}\n")).collect();
            let _ = write!(out, "{title}\n\n{lines}\n");
        }
    };
    section("Take note:", notes(estimate));
    section("Not priced, and not in the sums:", not_priced(estimate));
    section("No charge:", free(estimate));
    let assumed =
        estimate.assumptions.iter().map(|each| format!("{}: {} ({})", each.name, short(each.value), each.meaning));
    section("Assumed:", assumed.collect());
    let currency = &estimate.currency;
    let alternatives = estimate.alternatives.iter().map(|alternative| {
        format!("{}: {} {currency} ({})", alternative.name, money(alternative.cost), alternative.about)
    });
    section("The same spans elsewhere, in a month:", alternatives.collect());
    out.truncate(out.trim_end().len());
    out + "\n"
}

fn notes(estimate: &Estimate) -> Vec<String> {
    let mut charges = estimate.stacks.iter().flat_map(|stack| &stack.resources).flat_map(|resource| &resource.charges);
    let derived = charges.any(|charge| charge.price.is_estimate);
    let derived =
        derived.then(|| "prices with ~ are not listed for this region: they are derived from us-east-1's".to_owned());
    estimate.notes.iter().cloned().chain(derived).collect()
}

fn not_priced(estimate: &Estimate) -> Vec<String> {
    let line = |stack: &StackCost, resource: &ResourceCost, why: &str| {
        let slash = if stack.path.is_empty() { "" } else { "/" };
        format!("{}{slash}{} ({}): {why}", stack.path, resource.logical_id, resource.kind)
    };
    let mut lines = Vec::new();
    for stack in &estimate.stacks {
        for resource in &stack.resources {
            lines.extend(resource.not_priced.iter().map(|why| line(stack, resource, why)));
        }
    }
    lines
}

/// Types with how many there are of them, by the reason.
fn free(estimate: &Estimate) -> Vec<String> {
    let mut reasons: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for resource in estimate.stacks.iter().flat_map(|stack| &stack.resources) {
        if let Some(why) = &resource.free {
            *reasons.entry(why).or_default().entry(&resource.kind).or_default() += 1;
        }
    }
    let line = |(why, kinds): (&&str, &BTreeMap<&str, usize>)| {
        let kinds = kinds.iter().map(|(kind, count)| format!("{count} {}", kind.trim_start_matches("AWS::")));
        format!("{why}: {}", kinds.collect::<Vec<_>>().join(", "))
    };
    reasons.iter().map(line).collect()
}

fn money(amount: f64) -> String {
    format!("{amount:.2}")
}

/// At most two decimals, and none that say nothing.
fn number(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A number as the command line takes it: `10M`.
fn short(value: f64) -> String {
    let suffixes = [(1e9, "G"), (1e6, "M"), (1e3, "k")];
    let fitting = suffixes.into_iter().find(|(factor, _)| value >= *factor);
    fitting.map_or_else(|| number(value), |(factor, suffix)| number(value / factor) + suffix)
}

/// As many decimals as the price has digits that say something.
fn price(amount: f64) -> String {
    if amount == 0.0 {
        return "0".to_owned();
    }
    let decimals = (PRICE_DIGITS - 1 - amount.log10().floor() as i32).max(0) as usize;
    let text = format!("{amount:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_show_what_they_say_and_no_more() {
        for (amount, expected) in [(0.045, "0.045"), (0.0000054, "0.0000054"), (3.0, "3"), (0.052650001, "0.05265")] {
            assert_eq!(price(amount), expected);
        }
        for (amount, expected) in [(730.0, "730"), (0.125, "0.12"), (1460.5, "1460.5"), (100.0, "100")] {
            assert_eq!(number(amount), expected);
        }
        assert_eq!((money(35.0406).as_str(), short(1.5e6).as_str(), short(7.0).as_str()), ("35.04", "1.5M", "7"));
    }
}
