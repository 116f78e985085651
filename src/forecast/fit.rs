//! Minimisation without derivatives.

/// Iterations at most.
const ITERATIONS: usize = 150;
/// Stop when the values at the corners differ by less.
const TOLERANCE: f64 = 1e-3;

/// The minimum of `f` near `start` by the simplex search of Nelder and Mead 1965 ("A simplex method
/// for function minimization") with the usual coefficients: reflection 1, expansion 2, contraction
/// and shrinkage 1/2. `N` coordinates, initial edge length 1.
pub(super) fn minimise<const N: usize>(
    start: [f64; N],
    mut f: impl FnMut(&[f64; N]) -> f64,
) -> [f64; N] {
    let mut corners = vec![(f(&start), start)];
    for i in 0..N {
        let mut corner = start;
        corner[i] += 1.0;
        corners.push((f(&corner), corner));
    }
    for _ in 0..ITERATIONS {
        corners.sort_by(|a, b| a.0.total_cmp(&b.0));
        if corners[N].0 - corners[0].0 < TOLERANCE {
            break;
        }
        let centre = centroid(&corners[..N]);
        let worst = corners[N];
        let mut at = |step: f64| {
            let point = std::array::from_fn(|i| centre[i] + step * (centre[i] - worst.1[i]));
            (f(&point), point)
        };
        let reflected = at(1.0);
        if reflected.0 < corners[0].0 {
            let expanded = at(2.0);
            corners[N] = if expanded.0 < reflected.0 { expanded } else { reflected };
        } else if reflected.0 < corners[N - 1].0 {
            corners[N] = reflected;
        } else {
            let contracted = at(if reflected.0 < worst.0 { 0.5 } else { -0.5 });
            if contracted.0 < worst.0.min(reflected.0) {
                corners[N] = contracted;
            } else {
                let best = corners[0].1;
                for corner in &mut corners[1..] {
                    corner.1 = std::array::from_fn(|i| 0.5 * (best[i] + corner.1[i]));
                    corner.0 = f(&corner.1);
                }
            }
        }
    }
    corners.sort_by(|a, b| a.0.total_cmp(&b.0));
    corners[0].1
}

fn centroid<const N: usize>(corners: &[(f64, [f64; N])]) -> [f64; N] {
    let weight = 1.0 / super::math::count(corners.len());
    std::array::from_fn(|i| corners.iter().map(|c| c.1[i] * weight).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_bottom_of_a_curved_valley() {
        let [x, y] =
            minimise([-1.2, 1.0], |[x, y]| 100.0 * (y - x * x).powi(2) + (1.0 - x).powi(2));
        assert!((x - 1.0).abs() < 0.1 && (y - 1.0).abs() < 0.2, "{x} {y}");
        let [z] = minimise([5.0], |[z]| (z - 2.0).powi(2));
        assert!((z - 2.0).abs() < 0.05, "{z}");
    }
}
