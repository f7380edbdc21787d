"""The bundle's bill of materials, CycloneDX 1.6 JSON: the same bytes for the same pins."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from tools.serving.pinned import Pin

_NAMESPACE = uuid.UUID("6f0d6a0e-55c5-5d0f-9d8e-2a1d6f6c3b10")
"""Any fixed value; it only keeps our derived serial numbers apart from others'."""


def sbom_text(name: str, model_sha256: str, found: Iterable[Pin]) -> str:
    """A bill of materials for a model and the distributions that it runs with.

    The serial number is derived from the content and the time is left out, so equal inputs give equal bytes.

    Args:
        name: name of the bundle.
        model_sha256: the model's hash.
        found: pinned distributions.
    """
    pins = tuple(found)
    licenses = LicenseFactory()
    model = Component(
        name=name,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        version=model_sha256[:12],
        bom_ref="model",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=model_sha256)],
    )
    libraries = [
        Component(
            name=pin.name,
            version=pin.version,
            type=ComponentType.LIBRARY,
            bom_ref=pin.name,
            purl=PackageURL("pypi", None, pin.name, pin.version),
            licenses=[licenses.make_with_expression(pin.license)] if pin.license else [],
        )
        for pin in pins
    ]
    bom = Bom(components=libraries)
    bom.metadata.component = model
    bom.register_dependency(model, [library for library, pin in zip(libraries, pins, strict=True) if pin.direct])
    content = f"{name} {model_sha256} {[(pin.name, pin.version) for pin in pins]}"
    bom.serial_number = uuid.uuid5(_NAMESPACE, content)
    data = json.loads(JsonV1Dot6(bom).output_as_string())
    data["metadata"].pop("timestamp", None)
    return json.dumps(data, indent=2, sort_keys=True) + "\n"
