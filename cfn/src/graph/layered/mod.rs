//! Layered layout of boxes: whatever needs another box lies above it. Layers are filled from below, long edges get a place of
//! their own in the layers that they pass, neighbours are brought close to each other, and nothing depends on chance.

mod sketch;

use sketch::Sketch;
use std::collections::BTreeSet;

/// Between boxes of a layer.
const GAP: f64 = 18.0;
/// A layer that is wider goes on in the next one, unless its boxes are so wide themselves that few would fit.
const LAYER_WIDTH_MAX: f64 = 1_100.0;
const WIDE_BOXES: f64 = 1.8;

#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) width: f64,
    pub(super) height: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

pub(super) struct Layout {
    pub(super) size: Size,
    /// The upper left corner of each box.
    pub(super) boxes: Vec<Point>,
    pub(super) routes: Vec<Route>,
}

/// An edge, by the positions of its boxes, and the points that it passes: two for each layer, straight up and down.
pub(super) struct Route {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) points: Vec<Point>,
}

/// `edges` lead from a box to one that it needs.
pub(super) fn layout(sizes: &[Size], edges: &BTreeSet<(usize, usize)>) -> Layout {
    let edges = reduced(sizes.len(), &acyclic(sizes.len(), edges));
    let layers = layers(sizes, &edges);
    let mut sketch = Sketch::new(sizes, &edges, &layers);
    sketch.order();
    sketch.align();
    sketch.finish(sizes, &layers)
}

/// The edges without those that close a circle.
fn acyclic(count: usize, edges: &BTreeSet<(usize, usize)>) -> BTreeSet<(usize, usize)> {
    let mut kept = BTreeSet::new();
    let mut needs = vec![Vec::new(); count];
    for &(from, to) in edges {
        if from != to && !reaches(&needs, to, from) {
            needs[from].push(to);
            kept.insert((from, to));
        }
    }
    kept
}

/// The edges without those that others imply: who needs a subnet needs its VPC.
fn reduced(count: usize, edges: &BTreeSet<(usize, usize)>) -> Vec<(usize, usize)> {
    let mut needs = vec![Vec::new(); count];
    for &(from, to) in edges {
        needs[from].push(to);
    }
    let is_implied = |from: usize, to: usize| needs[from].iter().any(|&next| next != to && reaches(&needs, next, to));
    edges.iter().copied().filter(|&(from, to)| !is_implied(from, to)).collect()
}

fn reaches(needs: &[Vec<usize>], from: usize, to: usize) -> bool {
    let mut seen = vec![false; needs.len()];
    let mut open = vec![from];
    while let Some(next) = open.pop() {
        if next == to {
            return true;
        }
        if !std::mem::replace(&mut seen[next], true) {
            open.extend(&needs[next]);
        }
    }
    false
}

/// The layer of each box, the lowest being 0.
fn layers(sizes: &[Size], edges: &[(usize, usize)]) -> Vec<usize> {
    let mut layer: Vec<Option<usize>> = vec![None; sizes.len()];
    let mut widths: Vec<f64> = Vec::new();
    let widest = sizes.iter().map(|size| size.width).fold(0.0, f64::max);
    let most = LAYER_WIDTH_MAX.max(widest * WIDE_BOXES);
    for _ in 0..sizes.len() {
        let lowest = |at: usize| -> Option<usize> {
            let needed = edges.iter().filter(|edge| edge.0 == at).map(|edge| layer[edge.1].map(|below| below + 1));
            needed.collect::<Option<Vec<_>>>().map(|all| all.into_iter().max().unwrap_or_default())
        };
        // Of those whose needs are placed, the one that lies lowest.
        let open = (0..sizes.len()).filter(|at| layer[*at].is_none()).filter_map(|at| Some((lowest(at)?, at)));
        let Some((mut level, at)) = open.min() else { break };
        loop {
            if widths.len() == level {
                widths.push(0.0);
            }
            if widths[level] == 0.0 || widths[level] + GAP + sizes[at].width <= most {
                break;
            }
            level += 1;
        }
        widths[level] += GAP + sizes[at].width;
        layer[at] = Some(level);
    }
    layer.into_iter().map(Option::unwrap_or_default).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxes(count: usize) -> Vec<Size> {
        vec![Size { width: 100.0, height: 40.0 }; count]
    }

    #[test]
    fn whatever_needs_another_box_lies_above_it_and_none_overlap() {
        let edges = BTreeSet::from([(1, 0), (2, 0), (3, 1), (3, 2), (3, 0), (4, 3)]);
        let layout = layout(&boxes(6), &edges);
        for &(from, to) in &edges {
            assert!(layout.boxes[from].y + 40.0 < layout.boxes[to].y, "{from} above {to}");
        }
        for one in 0..6 {
            for other in 0..one {
                let (one, other) = (layout.boxes[one], layout.boxes[other]);
                assert!((one.x - other.x).abs() >= 100.0 || (one.y - other.y).abs() >= 40.0, "{one:?} {other:?}");
            }
        }
        let drawn: Vec<(usize, usize)> = layout.routes.iter().map(|route| (route.from, route.to)).collect();
        assert_eq!(drawn, [(1, 0), (2, 0), (3, 1), (3, 2), (4, 3)], "3 → 0 is implied");
    }

    #[test]
    fn long_edges_pass_between_the_boxes_of_the_layers_on_their_way() {
        // 0 ← 1 ← 2 ← 3 and 4 ← 3, with 4 at the bottom.
        let layout = layout(&boxes(5), &BTreeSet::from([(1, 0), (2, 1), (3, 2), (3, 4)]));
        let long = layout.routes.iter().find(|route| route.to == 4).expect("drawn");
        assert_eq!(long.points.len(), 7);
        for point in &long.points[2..6] {
            assert!(layout.boxes[1..3].iter().all(|corner| point.x < corner.x || point.x > corner.x + 100.0));
        }
    }

    #[test]
    fn circles_and_wide_layers_end_in_a_picture_too() {
        let circle = layout(&boxes(3), &BTreeSet::from([(0, 1), (1, 2), (2, 0), (1, 1)]));
        assert_eq!(circle.routes.len(), 2);
        let wide = layout(&boxes(40), &BTreeSet::new());
        assert!(wide.size.width <= LAYER_WIDTH_MAX && wide.size.height > 40.0, "{:?}", wide.size);
        assert_eq!(layout(&[], &BTreeSet::new()).boxes.len(), 0);
    }

    #[test]
    fn a_crossing_that_need_not_be_is_not() {
        let layout = layout(&boxes(4), &BTreeSet::from([(2, 1), (3, 0)]));
        let x = |at: usize| layout.boxes[at].x;
        assert_eq!(x(2) < x(3), x(1) < x(0));
        assert!((x(2) - x(1)).abs() < 1e-6 && (x(3) - x(0)).abs() < 1e-6, "straight down");
    }
}
