"""A clock that was asked for holds after routing, and what the calibration makes of its rows."""

from dataclasses import replace
from types import SimpleNamespace

import calibrate_delay
import pytest
from calibrate_delay import INPUT, Row, fitted, measured, models

from rtlgen import Options, generate
from rtlgen.devices import find
from rtlgen.families import ROUTED

PART = "lfe5u-85f-8"
PRODUCT, _, NETWORK = models()


@pytest.mark.slow
@pytest.mark.parametrize(("model", "mhz"), [(PRODUCT, 130), (PRODUCT, 200), (NETWORK, 100)])
def test_nextpnr_confirms_a_clock(model, mhz):
    design = generate(model[1], Options(clock_hz=mhz * 1e6, target=PART, config=INPUT))
    assert design.latency > 1
    assert measured(design, find(PART)) <= 1e6 / mhz


@pytest.mark.parametrize("part", ["xcvu13p", PART])
def test_a_wire_is_fitted_up_to_the_margin(monkeypatch, part):
    target = find(part)
    margin = 1.0 if part == "xcvu13p" else ROUTED
    monkeypatch.setattr(calibrate_delay, "estimated", lambda _, given: 1000 * given.net_ns)
    rows = [Row("", SimpleNamespace(), round(1000 * net)) for net in (0.4, 0.9, 1.6)]
    mean = (0.4 * 0.9 * 1.6) ** (1 / 3)
    assert fitted(rows, replace(target, net_ns=9.0)) == pytest.approx(mean * margin, abs=0.006)
