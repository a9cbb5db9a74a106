"""Faces of other libraries: a program written for one of them runs on this package.

`autograd` is that of HIPS autograd.
"""
