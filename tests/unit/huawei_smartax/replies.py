"""Replies written by hand after the forms that ntc-templates' test data and public notes show; no customer's data."""

import json
from typing import Any

from vendors.huawei_smartax.parse import parse

R77 = "  " + "-" * 77 + "\n"
R69 = "  " + "-" * 69 + "\n"


def said(command: str, reply: str) -> dict[str, Any]:
    """The answer to a command, which must be JSON."""
    answer = parse(command, reply)
    assert json.loads(json.dumps(answer)) == answer
    return answer


BLOCK = (
    R77
    + """\
  F/S/P                   : 0/ 0/6
  ONT-ID                  : 2
  Control flag            : active
  Run state               : online
  Config state            : normal
  Match state             : match
  ONT LLID                : -
  ONT distance(m)         : 47
  ONT RTT(TQ)             : -
  Memory occupation       : 44
  Temperature             : 57
  Authentic type          : SN-auth
  SN                      : 8XN7J0FFL8NL6I3W
  Management mode         : OMCI
  Multicast mode          : IGMP-Snooping
  Description             : Rua das Flores numero setenta e \n\
                            tres_apartamento_dois_bloco_quat
                            ro
  Last down cause         : ONT is reset by ONT command
  Last ONT actual NNI type: auto
  FEC upstream state      :
  Global ONT-ID           : 93
"""
    + R77
    + "  Line profile ID      : 500\n  Line profile name    : new_link\n"
    + R77
    + "  FEC upstream switch :Disable\n  Mapping mode        :Vlan\n  Tr069 management    :Disable\n"
    + R77
    + "  Notes: * indicates Discrete TCONT(TCONT Unbound)\n"
    + R77
    + """\
  <T-CONT   0>          DBA Profile-ID:1
  <T-CONT   4>          DBA Profile-ID:5
    <Gem Index 126>
    ------------------------------------------------------------------------
    |Serv-Type:ETH |Encrypt:off |Cascade:off |GEM-CAR:-            |
    |Upstream-priority-queue:-  |Downstream-priority-queue:-       |
    ------------------------------------------------------------------------
     Mapping VLAN  Priority Port   Port  Bundle  Flow  Transparent
     index                  type   ID    ID      CAR
    ------------------------------------------------------------------------
     0       500   -        -      -     -       -     -
    ------------------------------------------------------------------------
"""
    + R77
    + "  Service profile ID   : 500\n  Service profile name : new_link\n"
    + R77
    + "  Port-type     Port-number\n"
    + R77
    + "  POTS          4\n  ETH           4\n"
    + R77
    + "  Multicast mode                    : Unconcern\n"
    + R77
    + "  Port   Port   Service-type Index S-VLAN S-PRI C-VLAN C-PRI ENCAP      S-PRI\n"
    + "  type   ID                                                             POLICY\n"
    + R77
    + "  ETH    1      Translation  1     500    -     501    -     -          -\n"
    + R77
    + "  Notes: * indicates transparent attribute of the vlan\n"
    + R77
    + "  Alarm policy profile ID      : 0\n  Alarm policy profile name    : alarm-policy_0\n"
    + R77
)

SUMMARY = """\
  ------------------------------------------------------------------------------
  In port 0/1/0, the total of ONTs are: 3, online: 1
  ------------------------------------------------------------------------------
  ONT  Run     Last                Last                Last
  ID   State   UpTime              DownTime            DownCause
  ------------------------------------------------------------------------------
  0    online  1/1/2000 00:00:00 -                   -                        \n\
  1    offline 1/1/2000 00:00:00 01/01/2000 00:00:00 ONT is reset by ONT comma
  27   offline -                   -                   -
  ------------------------------------------------------------------------------
  ONT        SN        Type          Distance Rx/Tx power  Description
  ID                                    (m)      (dBm)
  ------------------------------------------------------------------------------
  0   AAAAAAAAAAAAAAAA P612E            42    -22.84/2.12  P612E                \n\
  1   AAAAAAAAAAAAAAAB P871E-G          -     -/-          P871E two words
  27  AAAAAAAAAAAAAAAC -                -     -/-          AAAA
  ------------------------------------------------------------------------------
"""

OPTICS = """\
  -----------------------------------------------------------------------------
  ONU NNI port ID                        : 0
  Module type                            : GPON
  Used type                              : ONU
  Optical power precision(dBm)           : 3.0
  Vendor SN                              : 19433830108
  Rx optical power(dBm)                  : -18.18
  Rx power current alarm threshold(dBm)  : [-29.0,-7.0]
  Tx power current warning threshold(dBm): [-,-]
---- More ( Press 'Q' to break ) ----\x1b[37D                                     \x1b[37D  Temperature(C)                         : 58
  Voltage(V)                             : 3.360
  OLT Rx ONT optical power(dBm)          : -22.22
  CATV Rx optical power(dBm)             : -
  -----------------------------------------------------------------------------
"""
