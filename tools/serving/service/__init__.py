"""What is deployed: turns raw rows into predictions. Self-contained: numpy and onnxruntime, nothing of Phasegate.

Training imports the same code (through ``tools.serving.service``), so that a column is cleaned and encoded by one
implementation only. In a bundle the folder stands alone as package ``service``.
"""
