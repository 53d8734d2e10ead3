from .schemes import SchemeVersion

__all__ = ["SchemeVersion"]
