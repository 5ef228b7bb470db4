"""Huawei SmartAX OLTs: MA5600T family (MA5600V800R0xx) and MA5800, EA5800 (V100R0xx)."""
