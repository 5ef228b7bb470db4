"""A SmartAX OLT that is not there: its CLI over the shared model. Manual: reference of the commands in `adapter`."""

from vendors.huawei_smartax.simulator.look import LOOK, seed
from vendors.huawei_smartax.simulator.shell import SmartAxShell
from vendors.simulator.shell import Device

__all__ = ["DEVICE", "SmartAxShell"]

DEVICE = Device(look=LOOK, shell=SmartAxShell, numbering="olt", onu_ids=range(128), first_port=0, seed=seed)
