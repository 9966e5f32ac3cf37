"""Synthetic stand-ins for taxi fares: trips in a city, priced by distance, with three airports."""

from __future__ import annotations

import numpy as np

from .dataset import Dataset
from .taxi import COLUMNS

_NUM_TRAIN, _NUM_TEST = 2000, 600
_CENTER = np.array([-73.98, 40.75])
_AIRPORTS = np.array([[-73.78, 40.64], [-73.87, 40.77], [-74.17, 40.69]])
_MILES_PER_DEGREE = np.array([52.4, 69.0])  # at 40.75° north


def load(name: str) -> Dataset:
    """x: float64 of ``COLUMNS``; y: dollars. Always the same trips.

    A trip to or from an airport has a flat price, so where it begins and ends matters as a pair.
    """
    random = np.random.default_rng(74)
    count = _NUM_TRAIN + _NUM_TEST
    places = _CENTER + random.normal(0, [0.02, 0.025], (2, count, 2))
    flat = random.random(count) < 0.15
    airport, end = random.integers(0, 3, count), random.integers(0, 2, count)
    places[end[flat], np.flatnonzero(flat)] = _AIRPORTS[airport[flat]]
    places += random.normal(0, 0.001, places.shape)
    # Streets run at right angles: a trip is as long as its two legs together.
    miles = (np.abs(places[0] - places[1]) * _MILES_PER_DEGREE).sum(1)
    fare = np.where(flat, np.array([52.0, 30.0, 67.0])[airport], 3.0 + 2.6 * miles)
    fare = np.round(np.maximum(2.5, fare + random.normal(0, 1.5, count)), 1)
    passengers = random.integers(1, 7, count)
    x = np.column_stack([places[0], places[1], passengers])
    origin = "synthetic: trips priced by distance and airport, not New York's"
    train, test = slice(None, _NUM_TRAIN), slice(_NUM_TRAIN, None)
    return Dataset(name, x[train], fare[train], x[test], fare[test], origin, columns=COLUMNS)
