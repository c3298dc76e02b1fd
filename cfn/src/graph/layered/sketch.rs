//! Order and coordinates within the layers.

use super::{GAP, Layout, Point, Route, Size};

const LAYER_GAP: f64 = 40.0;
/// What a long edge takes of a layer.
const LANE: f64 = 10.0;
/// How far from the corner of a box an edge may end.
const CORNER: f64 = 14.0;
/// Passes up and down over all layers.
const SWEEPS: usize = 12;

/// A box, or the place of a long edge, in its layer.
struct Slot {
    width: f64,
    /// Slots of the layers below and above that it is joined to.
    below: Vec<usize>,
    above: Vec<usize>,
    /// Of its middle.
    x: f64,
}

/// Boxes and the places of long edges in their layers, before they have coordinates.
pub(super) struct Sketch {
    slots: Vec<Slot>,
    /// From the lowest, each from left to right.
    layers: Vec<Vec<usize>>,
    /// The slots of each edge, from the upper box to the lower one.
    chains: Vec<Vec<usize>>,
}

impl Sketch {
    pub(super) fn new(sizes: &[Size], edges: &[(usize, usize)], layer: &[usize]) -> Self {
        let slot = |width| Slot { width, below: Vec::new(), above: Vec::new(), x: 0.0 };
        let mut slots: Vec<Slot> = sizes.iter().map(|size| slot(size.width)).collect();
        let mut layers = vec![Vec::new(); layer.iter().max().map_or(0, |highest| highest + 1)];
        for (at, level) in layer.iter().enumerate() {
            layers[*level].push(at);
        }
        let mut chains = Vec::new();
        for &(from, to) in edges {
            let mut chain = vec![from];
            for lane in (layer[to] + 1..layer[from]).rev() {
                layers[lane].push(slots.len());
                chain.push(slots.len());
                slots.push(slot(LANE));
            }
            chain.push(to);
            for pair in chain.windows(2) {
                slots[pair[0]].below.push(pair[1]);
                slots[pair[1]].above.push(pair[0]);
            }
            chains.push(chain);
        }
        Self { slots, layers, chains }
    }

    /// Puts the slots of each layer into the order of what they are joined to, up and down, and keeps the best order.
    pub(super) fn order(&mut self) {
        let mut best = (self.crossings(), self.layers.clone());
        for sweep in 0..SWEEPS {
            let upwards = sweep % 2 == 0;
            let count = self.layers.len();
            for step in 1..count {
                let level = if upwards { step } else { count - 1 - step };
                let beside = if upwards { level - 1 } else { level + 1 };
                let place = self.places(beside);
                let weight = |at: &usize, own: usize| {
                    let slot = &self.slots[*at];
                    let joined = if upwards { &slot.below } else { &slot.above };
                    let sum: f64 = joined.iter().map(|other| place[*other]).sum();
                    if joined.is_empty() { own as f64 } else { sum / joined.len() as f64 }
                };
                let mut weighed: Vec<(f64, usize)> =
                    self.layers[level].iter().enumerate().map(|(own, at)| (weight(at, own), *at)).collect();
                weighed.sort_by(|one, other| one.0.total_cmp(&other.0));
                self.layers[level] = weighed.into_iter().map(|(_, at)| at).collect();
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.layers.clone());
            }
        }
        self.layers = best.1;
    }

    fn places(&self, level: usize) -> Vec<f64> {
        let mut places = vec![0.0; self.slots.len()];
        for (place, at) in self.layers[level].iter().enumerate() {
            places[*at] = place as f64;
        }
        places
    }

    fn crossings(&self) -> usize {
        let mut count = 0;
        for level in 1..self.layers.len() {
            let place = self.places(level - 1);
            let ends: Vec<f64> = self.layers[level]
                .iter()
                .flat_map(|at| {
                    let mut below: Vec<f64> = self.slots[*at].below.iter().map(|other| place[*other]).collect();
                    below.sort_by(f64::total_cmp);
                    below
                })
                .collect();
            count +=
                ends.iter().enumerate().map(|(at, end)| ends[at..].iter().filter(|e| *e < end).count()).sum::<usize>();
        }
        count
    }

    /// Moves every slot as near as it can be to the middle of what it is joined to.
    pub(super) fn align(&mut self) {
        for level in 0..self.layers.len() {
            self.place(level, |_, _| 0.0);
        }
        for sweep in 0..SWEEPS {
            let levels: Vec<usize> = match sweep % 2 {
                0 => (0..self.layers.len()).collect(),
                _ => (0..self.layers.len()).rev().collect(),
            };
            for level in levels {
                self.place(level, |slots, at| {
                    let joined: Vec<f64> =
                        slots[at].below.iter().chain(&slots[at].above).map(|other| slots[*other].x).collect();
                    if joined.is_empty() { slots[at].x } else { joined.iter().sum::<f64>() / joined.len() as f64 }
                });
            }
        }
        let left = self.slots.iter().map(|slot| slot.x - slot.width / 2.0).fold(f64::INFINITY, f64::min);
        self.slots.iter_mut().for_each(|slot| slot.x -= left);
    }

    /// The nearest to where each slot of a layer would be that leaves their order and the gaps between them. Without the gaps
    /// that is a regression that never falls: neighbours that would fall take their common mean.
    fn place(&mut self, level: usize, wanted: impl Fn(&[Slot], usize) -> f64) {
        let mut offset = 0.0;
        let mut offsets = Vec::new();
        let mut runs: Vec<(f64, usize)> = Vec::new();
        for (at, pair) in self.layers[level].iter().enumerate() {
            if at > 0 {
                let before = &self.slots[self.layers[level][at - 1]];
                offset += (before.width + self.slots[*pair].width) / 2.0 + GAP;
            }
            offsets.push(offset);
            let mut run = (wanted(&self.slots, *pair) - offset, 1);
            while let Some(last) = runs.pop_if(|last| last.0 >= run.0) {
                let count = last.1 + run.1;
                run = ((last.0 * last.1 as f64 + run.0 * run.1 as f64) / count as f64, count);
            }
            runs.push(run);
        }
        let places = runs.into_iter().flat_map(|(place, count)| std::iter::repeat_n(place, count));
        for ((at, offset), place) in self.layers[level].iter().zip(offsets).zip(places) {
            self.slots[*at].x = place + offset;
        }
    }

    pub(super) fn finish(self, sizes: &[Size], layer: &[usize]) -> Layout {
        let tallest = |level: usize| {
            let own = layer.iter().zip(sizes).filter(|(at, _)| **at == level).map(|(_, size)| size.height);
            own.fold(0.0, f64::max)
        };
        let heights: Vec<f64> = (0..self.layers.len()).map(tallest).collect();
        // The highest layer is the first from above.
        let above = |level: usize| heights[level + 1..].iter().map(|height| height + LAYER_GAP).sum::<f64>();
        let tops: Vec<f64> = (0..heights.len()).map(above).collect();
        let boxes: Vec<Point> = sizes
            .iter()
            .enumerate()
            .map(|(at, size)| Point { x: self.slots[at].x - size.width / 2.0, y: tops[layer[at]] })
            .collect();
        let mut routes = Vec::new();
        for chain in &self.chains {
            let (from, to) = (chain[0], chain[chain.len() - 1]);
            // An edge leaves a box as near to its next point as the box reaches.
            let port = |at: usize, towards: usize| {
                let room = (sizes[at].width / 2.0 - CORNER).max(0.0);
                let x = self.slots[at].x;
                self.slots[towards].x.clamp(x - room, x + room)
            };
            let mut points = vec![Point { x: port(from, chain[1]), y: boxes[from].y + sizes[from].height }];
            points.push(Point { x: points[0].x, y: tops[layer[from]] + heights[layer[from]] });
            for (passed, slot) in chain[1..chain.len() - 1].iter().enumerate() {
                let level = layer[from] - 1 - passed;
                let x = self.slots[*slot].x;
                points.extend([Point { x, y: tops[level] }, Point { x, y: tops[level] + heights[level] }]);
            }
            points.push(Point { x: port(to, chain[chain.len() - 2]), y: boxes[to].y });
            routes.push(Route { from, to, points });
        }
        let width = self.slots.iter().map(|slot| slot.x + slot.width / 2.0).fold(0.0, f64::max);
        let height = heights.iter().sum::<f64>() + LAYER_GAP * heights.len().saturating_sub(1) as f64;
        Layout { size: Size { width, height }, boxes, routes }
    }
}
