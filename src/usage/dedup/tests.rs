use super::*;
use crate::usage::arena::tests::contribution;

#[test]
fn growing_copies_keep_the_largest_counts_and_the_first_time() {
    let mut dedup = Dedup::default();
    let better = |_: u32, _: u32| false;
    let id = |provider| RequestId::new(provider, "m", 0);
    assert_eq!(dedup.offer(id("anthropic"), &contribution(9, 50), better), Verdict::New);
    assert_eq!(dedup.offer(id("anthropic"), &contribution(9, 60), better), Verdict::Duplicate);
    let Verdict::Replace(change) = dedup.offer(id("anthropic"), &contribution(159, 40), better)
    else {
        panic!()
    };
    assert_eq!((change.0, change.1), (contribution(9, 50), contribution(159, 40)));
    assert_eq!(dedup.offer(id("anthropic"), &contribution(3, 70), better), Verdict::Duplicate);
    assert_eq!(dedup.offer(id("openai"), &contribution(9, 50), better), Verdict::New);
}

/// A part of a log, whose requests have these ids and counts of output.
fn part(rows: &[(u64, u64)]) -> (Vec<Request>, Vec<u8>) {
    let (mut requests, mut bytes) = (Vec::new(), Vec::new());
    for (id, output) in rows {
        let start = u32::try_from(bytes.len()).unwrap();
        let added = Contribution { profile: 0, ..contribution(*output, 50) };
        encode((&added).into(), &mut bytes);
        let id = RequestId::new("anthropic", &id.to_string(), 0);
        requests.push(Request { id, start, sum: 0 });
    }
    (requests, bytes)
}

fn take_over(dedup: &mut Dedup, rows: &[(u64, u64)]) -> Vec<Verdict> {
    let ((requests, bytes), mut again) = (part(rows), Vec::new());
    dedup.take_over(
        &requests,
        bytes,
        &[300],
        |_, _| false,
        |request, new, verdict| {
            assert_eq!(new.profile, 300);
            assert!(dedup_ids(rows).contains(&request.id));
            again.push(verdict);
        },
    );
    again
}

fn dedup_ids(rows: &[(u64, u64)]) -> Vec<RequestId> {
    part(rows).0.iter().map(|request| request.id).collect()
}

#[test]
fn what_is_taken_over_is_what_is_offered() {
    let mut dedup = Dedup::default();
    let rows: Vec<(u64, u64)> = (0..100).map(|id| (id, 7)).collect();
    assert_eq!(take_over(&mut dedup, &rows), []);
    let id = dedup_ids(&rows)[40];
    let better = |_: u32, _: u32| false;
    assert_eq!(dedup.offer(id, &contribution(7, 50), better), Verdict::Duplicate);
    // Copies in the same part and of another one, the same and larger.
    let mut rows: Vec<(u64, u64)> = (100..200).map(|id| (id, 7)).collect();
    rows.extend([(100, 7), (100, 9), (40, 5), (40, 8)]);
    let change = |to| Verdict::Replace(Box::new((contribution(7, 50), contribution(to, 50))));
    let expected = [Verdict::Duplicate, change(9), Verdict::Duplicate, change(8)];
    assert_eq!(take_over(&mut dedup, &rows), expected);
    assert_eq!((dedup.len(), dedup.taken.len()), (200, 2));
    assert_eq!(dedup.offer(id, &contribution(8, 50), better), Verdict::Duplicate);
    // Mostly copies: nothing is taken over, and all is known.
    let rows = [(300, 7), (1, 7), (2, 7), (3, 11), (300, 8)];
    assert_eq!(take_over(&mut dedup, &rows).len(), 4);
    assert_eq!((dedup.len(), dedup.taken.len()), (201, 2));
    let known = take_over(&mut dedup, &[(300, 8), (3, 11), (2, 7), (199, 7)]);
    assert!(known.iter().all(|verdict| *verdict == Verdict::Duplicate), "{known:?}");
}

#[test]
fn copies_take_no_room() {
    let mut dedup = Dedup::default();
    let better = |_: u32, _: u32| false;
    for output in 0..100_000 {
        let id = RequestId::new("anthropic", &(output % 5).to_string(), 0);
        dedup.offer(id, &contribution(output, 50), better);
        take_over(&mut dedup, &[(output % 5, output), (output % 5, output + 1)]);
    }
    assert!(dedup.taken.is_empty());
    assert!(dedup.parts.iter().all(|part| part.arena.chunks() <= 1));
}

#[test]
fn what_was_left_out_takes_no_room() {
    let mut dedup = Dedup::default();
    let rows: Vec<(u64, u64)> = (0..100).map(|id| (id, 7)).collect();
    let (mut requests, bytes) = part(&rows);
    requests.retain(|request| request.start % 10 == 0);
    dedup.take_over(&requests, bytes, &[300], |_, _| false, |_, _, verdict| panic!("{verdict:?}"));
    assert!(requests.len() < 50 && dedup.taken.is_empty());
    assert_eq!(dedup.len(), requests.len());
    for request in requests {
        let verdict = dedup.offer(request.id, &contribution(7, 50), |_, _| false);
        assert_eq!(verdict, Verdict::Duplicate);
    }
}
