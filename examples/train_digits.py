"""Train the two example networks of rtlgen on handwritten digits and write them as QONNX files.

The forward pass computes with quantized values, the backward pass looks straight through the
rounding. All scales are powers of two, so PyTorch computes exactly what the verified files say.

    pip install torch scikit-learn onnx qonnx && python examples/train_digits.py
"""

import argparse
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from qonnx.core.modelwrapper import ModelWrapper  # type: ignore[import-untyped]
from qonnx.core.onnx_exec import execute_onnx  # type: ignore[import-untyped]
from qonnx.transformation.infer_shapes import InferShapes  # type: ignore[import-untyped]
from sklearn.datasets import load_digits  # type: ignore[import-untyped]
from sklearn.model_selection import train_test_split  # type: ignore[import-untyped]
from torch import Tensor, nn
from torch.nn.functional import conv2d, cross_entropy, linear

LEARNING_RATE = 5e-3
LABEL_SMOOTHING = 0.1
SPARSITY = 3e-4  # L1 penalty on the weights: what rounds to zero costs no hardware
DESCRIPTION = "Classifies handwritten digits: 8x8 pixels in [0, 1], row by row, to 10 logits."
DOMAIN = "qonnx.custom_op.general"


class Quantizer(nn.Module):
    """Round to a grid of the given bits and step; signed grids are narrow, that is symmetric."""

    def __init__(self, bits: int, scale: float, *, signed: bool = False) -> None:
        super().__init__()
        self.bits, self.scale, self.signed = bits, scale, int(signed)
        self.high = 2 ** (bits - 1) - 1 if signed else 2**bits - 1
        self.low = -self.high if signed else 0

    def forward(self, values: Tensor) -> Tensor:
        clamped = values.clamp(self.low * self.scale, self.high * self.scale)
        rounded = torch.round(clamped / self.scale) * self.scale  # half to even, as in QONNX
        # The gradient passes through `clamped` alone. Difference and sum are exact in floats.
        return clamped + (rounded - clamped).detach()


WEIGHT, BIAS = Quantizer(4, 1 / 8, signed=True), Quantizer(8, 1 / 32, signed=True)
PARAMETERS = {"weight": WEIGHT, "bias": BIAS}


class Dense(nn.Linear):
    def forward(self, values: Tensor) -> Tensor:
        return linear(values, WEIGHT(self.weight), BIAS(self.bias))


class Convolution(nn.Conv2d):
    def forward(self, values: Tensor) -> Tensor:
        return conv2d(values, WEIGHT(self.weight), BIAS(self.bias))


OPERATORS: dict[type[nn.Module], tuple[str, Any]] = {
    Dense: ("Gemm", {"transB": 1}),
    Convolution: ("Conv", {"kernel_shape": [3, 3]}),
    nn.ReLU: ("Relu", {}),
    nn.MaxPool2d: ("MaxPool", {"kernel_shape": [2, 2], "strides": [2, 2]}),
    nn.Flatten: ("Flatten", {}),
}


def digits_mlp() -> OrderedDict[str, nn.Module]:
    return OrderedDict(
        pixels_quant=Quantizer(4, 1 / 16),
        fc1=Dense(64, 32),
        relu1=nn.ReLU(),
        relu1_quant=Quantizer(4, 1 / 4),
        fc2=Dense(32, 16),
        relu2=nn.ReLU(),
        relu2_quant=Quantizer(4, 1 / 4),
        fc3=Dense(16, 10),
    )


def digits_cnn() -> OrderedDict[str, nn.Module]:
    return OrderedDict(
        pixels_quant=Quantizer(4, 1 / 16),
        conv1=Convolution(1, 8, kernel_size=3),
        relu1=nn.ReLU(),
        relu1_quant=Quantizer(4, 1 / 4),
        pool1=nn.MaxPool2d(2),
        flatten=nn.Flatten(),
        fc1=Dense(8 * 3 * 3, 10),
    )


def weights(network: nn.Sequential) -> Tensor:
    return torch.cat([p.flatten() for name, p in network.named_parameters() if "weight" in name])


def measure(network: nn.Sequential, pixels: Tensor, classes: Tensor) -> float:
    return int((network(pixels).argmax(1) == classes).sum()) / len(classes)


def train(network: nn.Sequential, pixels: Tensor, classes: Tensor, epochs: int) -> None:
    optimizer = torch.optim.Adam(network.parameters(), LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for epoch in range(1, epochs + 1):
        losses = []
        for batch in torch.split(torch.randperm(len(pixels)), 64):
            logits = network(pixels[batch])
            loss = cross_entropy(logits, classes[batch], label_smoothing=LABEL_SMOOTHING)
            optimizer.zero_grad()
            torch.autograd.backward(loss + SPARSITY * weights(network).abs().sum())
            optimizer.step()
            losses.append(loss.item())
        schedule.step()
        if epoch % 10 == 0:
            accuracy = measure(network, pixels, classes)
            print(f"  epoch {epoch:3}  loss {np.mean(losses):.4f}  train accuracy {accuracy:.2%}")


def constant(graph: onnx.GraphProto, name: str, value: object) -> str:
    graph.initializer.append(numpy_helper.from_array(np.asarray(value, np.float32), name))
    return name


def quant(graph: onnx.GraphProto, name: str, source: str, quantizer: Quantizer) -> str:
    inputs = {"scale": quantizer.scale, "zero_point": 0, "bitwidth": quantizer.bits}
    names = [source, *(constant(graph, f"{name}.{key}", inputs[key]) for key in inputs)]
    flags: Any = {"signed": quantizer.signed, "narrow": quantizer.signed, "rounding_mode": "ROUND"}
    graph.node.append(helper.make_node("Quant", names, [name], name, domain=DOMAIN, **flags))
    return name


def write(path: Path, network: nn.Sequential, shape: list[int], accuracy: float) -> None:
    """Write the network as a graph in which a node and its output share the layer's name."""
    graph, source = onnx.GraphProto(name=path.stem), "pixels"
    for name, layer in network.named_children():
        if isinstance(layer, Quantizer):
            source = quant(graph, name, source, layer)
            continue
        names = [source]
        for key, value in layer.named_parameters():
            parameter = constant(graph, f"{name}.{key}", value.detach().numpy())
            names.append(quant(graph, f"{parameter}_quant", parameter, PARAMETERS[key]))
        kind, options = OPERATORS[type(layer)]
        graph.node.append(helper.make_node(kind, names, [name], name, **options))
        source = name
    graph.node[-1].output[0] = "logits"
    for ends, name, sizes in ((graph.input, "pixels", shape), (graph.output, "logits", [10])):
        ends.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["batch", *sizes]))
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(DOMAIN, 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8, doc_string=DESCRIPTION)
    helper.set_model_props(model, {"test_accuracy": f"{accuracy:.4f}"})
    onnx.checker.check_model(model)
    onnx.save(model, path)


def verify(path: Path, network: nn.Sequential, pixels: Tensor, classes: Tensor) -> None:
    """Run the written file with QONNX on all test samples and compare it with the network."""
    model = ModelWrapper(str(path))
    for end in (model.graph.input[0], model.graph.output[0]):
        end.type.tensor_type.shape.dim[0].dim_value = len(pixels)
    logits = execute_onnx(model.transform(InferShapes()), {"pixels": pixels.numpy()})["logits"]
    assert np.array_equal(logits, network(pixels).detach().numpy())
    accuracy = np.mean(logits.argmax(1) == classes.numpy())
    assert model.model.metadata_props[0].value == f"{accuracy:.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=150)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent, metavar="DIR")
    arguments = parser.parse_args()
    torch.use_deterministic_algorithms(mode=True)
    torch.set_num_threads(1)
    digits = load_digits()
    samples, classes = torch.tensor(digits.data / 16).float(), torch.tensor(digits.target)
    table = [f"{'model':10} {'weights':>8} {'nonzero':>8} {'accuracy':>9}"]
    for build, shape in ((digits_mlp, [64]), (digits_cnn, [1, 8, 8])):
        train_pixels, test_pixels, train_classes, test_classes = train_test_split(
            samples.reshape(-1, *shape), classes, test_size=0.3, stratify=classes, random_state=0
        )
        print(build.__name__)
        torch.manual_seed(arguments.seed)
        network = nn.Sequential(build())
        train(network, train_pixels, train_classes, arguments.epochs)
        accuracy = measure(network, test_pixels, test_classes)
        path = arguments.output / f"{build.__name__}.onnx"
        write(path, network, shape, accuracy)
        verify(path, network, test_pixels, test_classes)
        values = WEIGHT(weights(network))
        table.append(f"{path.stem} {len(values):8} {values.count_nonzero():8} {accuracy:9.2%}")
    print(*table, sep="\n")


if __name__ == "__main__":
    main()
