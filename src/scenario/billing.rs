//! From seats to tokens, and back: the contracts of a scenario with terms that end or begin.

use chrono::NaiveDate;
use compact_str::format_compact;
use thiserror::Error;

use super::change::{Billed, Billing};
use crate::contract::terms::{SeatRemoval, Seats};
use crate::contract::{Anchor, Contract, Every, Spans, Term, TermKind};

/// Which contract is meant is not clear.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BillingError {
    /// No contract of the scenario has the id.
    #[error("no contract of the scenario has the id `{id}` (it has: {known})")]
    NoSuchContract {
        /// As written.
        id: String,
        /// Ids of its contracts.
        known: String,
    },
    /// Seats begin in one contract.
    #[error("seats need one contract, and the scenario has {0}")]
    WhichContract(usize),
}

/// Applies a change of billing to the contracts of a scenario. Gives what became of each term in words;
/// none: it touches nothing.
///
/// # Errors
/// [`BillingError`] if it is not clear which contract is meant.
pub fn rebill(contracts: &mut [Contract], billing: &Billing) -> Result<Vec<String>, BillingError> {
    let known = || {
        let ids: Vec<&str> = contracts.iter().map(|contract| contract.id.as_str()).collect();
        if ids.is_empty() { "none".to_owned() } else { ids.join(", ") }
    };
    if let Some(id) = &billing.contract
        && contracts.iter().all(|contract| contract.id != *id)
    {
        return Err(BillingError::NoSuchContract { id: id.clone(), known: known() });
    }
    let count = contracts.len();
    let is_meant = |c: &&mut Contract| billing.contract.as_ref().is_none_or(|id| c.id == *id);
    let mut meant: Vec<&mut Contract> = contracts.iter_mut().filter(is_meant).collect();
    match &billing.to {
        Billed::Tokens => Ok(meant.into_iter().flat_map(|c| end_fees(c, billing.from)).collect()),
        Billed::Seats(term) => match &mut meant[..] {
            [contract] => Ok(begin_seats(contract, term).into_iter().collect()),
            _ => Err(BillingError::WhichContract(count)),
        },
    }
}

/// Ends seats and flat fees on a day; seats are owed for as long as the contract says.
fn end_fees(contract: &mut Contract, from: NaiveDate) -> Vec<String> {
    let mut words = Vec::new();
    let start = contract.calendar.date_of(contract.term.start);
    let (id, calendar) = (contract.id.clone(), contract.calendar);
    contract.terms.retain_mut(|term| {
        let (first, last) = term.days;
        if last <= from {
            return true;
        }
        let end = match &term.kind {
            TermKind::FlatFee(_) => from,
            TermKind::Seats(_) if from <= first => from,
            TermKind::Seats(seats) => owed_until(seats, term, start, &calendar, from),
            _ => return true,
        };
        let name = &term.id;
        if end <= first {
            words.push(format!("`{name}` of `{id}` does not begin"));
            return false;
        }
        words.push(if end == from {
            format!("`{name}` of `{id}` ends on {from}")
        } else {
            format!("`{name}` of `{id}` is given up on {from} and owed until before {end}")
        });
        if let TermKind::Seats(seats) = &mut term.kind
            && from < end
        {
            seats.counts.retain(|(day, _)| *day < from);
            seats.counts.push((from, 0));
        }
        term.days.1 = end;
        true
    });
    words
}

/// The first day on which seats that are given up on a day cost nothing any more.
fn owed_until(
    seats: &Seats,
    term: &Term,
    contract_start: NaiveDate,
    calendar: &crate::period::Calendar,
    from: NaiveDate,
) -> NaiveDate {
    let next = |spans: Spans| {
        let starts = spans.all().iter().map(|span| span.days.0);
        starts.filter(|start| *start >= from).min().unwrap_or(term.days.1)
    };
    match seats.removal {
        // The fewest seats that are paid are promised for as long.
        _ if seats.minimum > 0 => next(years(term, contract_start, calendar)),
        SeatRemoval::Renewal => next(years(term, contract_start, calendar)),
        SeatRemoval::NextPeriod => next(Spans::new(seats.every, seats.anchor, term.days, calendar)),
        SeatRemoval::Immediate => from,
    }
}

/// Contract years, as settlement counts them.
fn years(term: &Term, contract_start: NaiveDate, calendar: &crate::period::Calendar) -> Spans {
    let days = (contract_start.min(term.days.0), term.days.1);
    Spans::new(Every::Year, Anchor::Start, days, calendar)
}

/// Adds seats, inside the days of the contract.
fn begin_seats(contract: &mut Contract, term: &Term) -> Option<String> {
    let of = |instant| contract.calendar.date_of(instant);
    let days = (term.days.0.max(of(contract.term.start)), term.days.1.min(of(contract.term.end)));
    if days.0 >= days.1 {
        return None;
    }
    let mut term = Term { days, ..term.clone() };
    let taken = |id: &str| contract.terms.iter().any(|other| other.id == id);
    let mut number = 1;
    while taken(&term.id) {
        number += 1;
        term.id = format_compact!("seats-{number}");
    }
    let words = format!("`{}` of `{}` begins on {}", term.id, contract.id, days.0);
    contract.terms.push(term);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{ContractSource, load};

    fn contract(terms: &str) -> Vec<Contract> {
        let text = format!(
            "schema = \"tokencast.contract.v1\"\nid = \"c\"\nissuer = \"acme\"\ncurrency = \"USD\"\nstart = \"2026-03-01\"\nend = \"2028-03-01\"\n{terms}"
        );
        load(&[ContractSource { name: "c.toml".into(), text }]).unwrap().0
    }

    fn to_tokens(terms: &str, from: &str) -> (Vec<String>, Vec<(String, String)>) {
        let mut contracts = contract(terms);
        let from = from.parse().unwrap();
        let billing = Billing { contract: None, from, to: Billed::Tokens };
        let words = rebill(&mut contracts, &billing).unwrap();
        let left = contracts[0].terms.iter();
        (words, left.map(|t| (t.days.0.to_string(), t.days.1.to_string())).collect())
    }

    fn seats(rest: &str) -> String {
        format!("[[seats]]\ncount = 10\nprice = \"30\"\nperiod = \"month\"\n{rest}\n")
    }

    #[test]
    fn seats_are_owed_as_the_contract_says() {
        for (rest, end) in [
            ("removal = \"immediate\"", "2026-06-11"),
            ("removal = \"next-period\"", "2026-07-01"),
            // The contract year ends on the last day of February.
            ("removal = \"renewal\"", "2027-03-01"),
            ("removal = \"immediate\"\nminimum = 5", "2027-03-01"),
        ] {
            let (words, left) = to_tokens(&seats(rest), "2026-06-11");
            assert_eq!(left, [("2026-03-01".to_owned(), end.to_owned())], "{rest}");
            assert_eq!(words.len(), 1);
        }
        // On the day of a renewal nothing is owed; after the term nothing is touched.
        assert_eq!(to_tokens(&seats(""), "2027-03-01").1[0].1, "2027-03-01");
        assert!(to_tokens(&seats("until = \"2026-06-01\""), "2026-06-11").0.is_empty());
        let (words, left) = to_tokens(&seats("from = \"2026-07-01\""), "2026-06-11");
        assert_eq!((words[0].as_str(), left.len()), ("`seats-1` of `c` does not begin", 0));
    }

    #[test]
    fn flat_fees_end_and_other_terms_stay() {
        let terms =
            "[[flat_fee]]\namount = \"100\"\nperiod = \"month\"\n[[discount]]\nrate = \"0.1\"\n";
        let (words, left) = to_tokens(terms, "2026-06-11");
        assert_eq!(words, ["`flat_fee-1` of `c` ends on 2026-06-11"]);
        let ends: Vec<&str> = left.iter().map(|(_, end)| end.as_str()).collect();
        assert_eq!(ends, ["2026-06-11", "2028-03-01"]);
    }

    #[test]
    fn seats_begin_in_one_contract() {
        let mut contracts = contract(&seats(""));
        let mut term = contracts[0].terms[0].clone();
        term.days = ("2027-01-01".parse().unwrap(), NaiveDate::MAX);
        let from = term.days.0;
        let mut billing = Billing { contract: None, from, to: Billed::Seats(Box::new(term)) };
        let words = rebill(&mut contracts, &billing).unwrap();
        assert_eq!(words, ["`seats-2` of `c` begins on 2027-01-01"]);
        assert_eq!(contracts[0].terms[1].days.1.to_string(), "2028-03-01");
        assert_eq!(rebill(&mut [], &billing), Err(BillingError::WhichContract(0)));
        billing.contract = Some("d".to_owned());
        let wrong = rebill(&mut contracts, &billing).unwrap_err();
        assert!(wrong.to_string().ends_with("`d` (it has: c)"), "{wrong}");
    }
}
