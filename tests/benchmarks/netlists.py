"""Small netlists, written by hand."""

from netlist import Netlist

PINS = {"FDRE": ("Q",), "CARRY4": ("O", "CO"), "INV": ("O",), "SRL16E": ("Q",)}


class Draft:
    """Cells one after the other; nets below 100 are driven by ports."""

    def __init__(self):
        self.cells, self.net = {}, 100

    def new(self, count=1):
        self.net += count
        return [*range(self.net - count, self.net)]

    def cell(self, type_, **pins):
        outputs = PINS.get(type_, ("O",))
        directions = {pin: "output" if pin in outputs else "input" for pin in pins}
        cell = {"type": type_, "connections": pins, "port_directions": directions}
        self.cells[f"c{len(self.cells)}"] = cell

    def lut(self, *inputs):
        [made] = self.new()
        pins = {f"I{i}": [net] for i, net in enumerate(inputs)}
        self.cell(f"LUT{len(inputs)}", **pins, O=[made])
        return made

    def carry(self, select, data, before="0"):
        """Four bits: the sums, and the carry out of the last."""
        sums, carries = self.new(4), self.new(4)
        pins = {"S": select, "DI": data, "CI": [before], "CYINIT": ["0"]}
        self.cell("CARRY4", **pins, O=sums, CO=carries)
        return sums, carries[-1]

    def register(self, net):
        [made] = self.new()
        self.cell("FDRE", C=["x"], CE=["1"], R=["0"], D=[net], Q=[made])
        return made

    def netlist(self, *outputs):
        port = {"direction": "output", "bits": list(outputs)}
        return Netlist.of({"cells": self.cells, "ports": {"y": port}})
