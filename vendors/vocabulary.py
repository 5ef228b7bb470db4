"""The words of command lines: what an OLT says in them tells of devices, not of people. No name of a person or place."""

WORDS = frozenset(
    """
abandons abbreviated abbreviation abbreviations ability able abort about above abruptly absent accent accents accept
accepted accepts access accident accidents account accounts acl across acs act action activate activated active
actual adapter adapters adaptive add adddistributed added address addresses adds admin administrative administrator
admits aes afresh after afterwards again against agent aggregation aging agree agrees ahead aim alarm alarms
algorithms algs alike alive all allocated allow allowed allows alone along alphabetical already also although always
ambiguous among an anchored and anew announce announced announces another answer answered answers any anything
anywhere apart appear appears append appended applied apply arc are area areas arguments arm around arrival arrived
as ascii aside ask asked asking asks associate assure assured async asyncio at attempt attempted attempts
attenuation attr attribute audit auth authen authentic authentication authfailed author authorisation authorization
authors authpass auto autodetect autofind automatic automatically autosave available avoid avoids awaited ax back
backplane backup backuping bad bandwidth banner banners bare base baseinfo basic batch batches battery bbs bbusy bc
be became because become becomes been before beforehand begin beginning begins begun behaves behind being belong
belongs below beside besides between beware beyond bi bias binary binbound bind binding binds bit bits blacklist
blank blanks block blocks bm board boardname boards body bosa both bound box boxes bps braces brand break breaker
breaks bridge brief brings broadcast broke broken btv btype buffer bug bugs build building built bundle busy but bw
by byname byte bytes cable call called calls came can cancel canceled cancelled cannot canonical capability
capacitor capacity caper capture captured captures car card cards careful caret carets carriage carried carries
carry carrying cascade case catalogue catv cause causes cbc cbs cc cell cells celsius cen cent cfg change changed
changes changing channel channels character characters chassis check checkcode checked checks cipher ciphers cir
class classification clear cleared cli client clients clock clones close closed closes closing co code codes collect
collecting collector colon color column columns com combo come comes comma command commands commit common
communication community compare compared compares comparing compensation compile compiled complete completed
completely concern concurrent conf config configfailed configing configuration configurations configure configured
configures configuring confirm confirmation confirmdistributedmode confirming confirms conflict conflicted
conflicting conflicts connected connection connections console cont contain contains contract contradicts control
controlled converged conversation copy copyright core coroutine corporation corrupted cos could count counted
counter counters counts course cover covers cpu cpvid cr create created creates credentials cs ctag ctr ctrl cttr
current currently cursor customer customers customized cut cuts cvlan damaged dark dash dashed dashes data date
dates day db dba dbm deactiv deactivate deactivated deactive dead debug decides deeper def default defaults
definition definitions degrees delays delete deleted deleting demand demos denied deny dependent depends deprovision
depth des desc describe description descriptions descriptor desired destination detail details detect detected
detection device devices dhcp diagnose diagnostic dialects dialogue dials did differ differences different
differently differs diffie digest digit digits dir direction directions dis disable disabled disarm discard
disconnected discover discovery discrete discretely disp display displays distance distributed dns do docs documents
does domain done double doubled down downstream driver drivers drop dropped drops ds dscp dst dual due duplex
duplicate duplicated duration during dying dyinggasp dynamic each earlier echo echoed echoes edit edited effect
effects egress eight either electric else elsewhere empty en enable enabled encap encapsulation encrypt encrypted
encryption end ended ends enough enter entered entering enters entries entry epon equal equals equip equipment
equipmentid erase erased error errors esc escalations escape escaped escapes eth ethernet ethuni even ever every
everything exact exactly example exceed exceeds exception exchange exec execute executed executing exempt exhausted
exist existed existing exists exit expect expected expensive expired explain explains express expression expressions
fa fact factory facts fail failed failing failure failures false fam families family familyn fan fans far fast fault
faults fbw fec feed fell fetch few fewer fi fiber fibre field fields figure figures file fill filled fills filter
filtered find finds firmware firmwares first fit fits fitted fix fixed flag flash fleet fleets flow flowcontrol
flows flux follow followed following follows footer for forbidden foreign forget forgot form format forms forw
forward forwarding found four frame frameid frames free freeze frequency from front fsm ftp ftth full fully function
functions further future gained gap garble garbled gasp gateway gateways gave gbps gc ge gei gem gemport gems
general generation generations generator generators generic ghz git give given gives giving global globally glued gm
go goes going gone goodbye gpon gponsrv graceful grammar grammars group groups gtgo guess guessed guesses guide
guides gw habit habits had half hand handed handles handshake hang hangs hard hardware has hashes have head header
heading headroom health hears help helped here hex hexadecimal high hint hints history hmac hms hold holding holds
home host hostname hosts hour how however hsi html http huawei hub hwonline hybrid hyphen id idempotence idempotent
idle ids idx ieee if ig igmp ignore ignored illegal imported imports in inbound include included incomplete
inconsistent incorrect indent indentation indented independent index indexes indicate indicates info information
infoswitch ingress initial injected inner innermost input inquiring inservice inside instead insufficient int
integrated interactive interest interface interfaces internal internet interoperability interruptions interval into
invalid invariants invented inventory inverse inwards ip ipconfig iphost ipoe ipv is isolate isolated isolation
issue it ite item items its itself itu join joined json judged just kbit kbps kbytes keep keepalive keeps kept kex
key keyboard keys keyword kick kind kinds km knew know knowledge known knows lab label labelled labels lack lacks
lan land lands language large laser last lasts late later latest latin layer lays ld lead leading leads learn
learned learning learnt least leave leaves leaving led left legacy length less let lets letter letters level levels
lf lib library licence license lie lies life lifts light lights like likewise limit limitation limited limits line
lineprofile lines link linktrap list listed listen listings lists lit lite live lives lo load loaded loading loads
loc local locates location lock locked lockout lockouts lofi log logging login logins logout logs long longer look
looked looks loop loopback los lose loses losi losses lost low lowest lt ltd ma mac machine macs made main mainboard
mainboards maintenance make makes malformed manage managed management manual manuals many map mapping mappings mark
marked marker marks mask masked masks match matched matches matching matter max maximum may maybe mb mbps mbw md
mean meaning means meant meanwhile measures meets megabytes mem members memory message messages method methods
metres mgmt mhz mib middle min minute minutes mismatch mismatched missing mng moca mode model models modes modify
module modules moment monitor more most move moved moves mpu ms msan mtu much multi multicast multiple must mutually
mvlan name named names narrower nat native naws nearest need needed needs negotiate negotiated negotiation neither
net network never new newer newline next nine nm nms nni no nobody noc node noise noloop non none nor normal not
note noted notes nothing notice notices now nowhere nth nu nul null num number numbering numbers oa oam object
observation observe observed obsolete occupancy occupation occupied occurred oe of off offending offers offline
often ok ol old older olt omcc omci on once one ones online only onmt ont ontid ontmng onts onu onus open opened
opening opens openssh oper operate operated operating operation operational operations operator operators optical
optics option optional options or order oriented original other others ours out outbound outcome outer outermost
output outside outwards over overflow overlap overlapped overwrites owes own package packet packets padded padding
page pager pages pair parameter parameters parentheses parse parser part partially parts pass passed passes password
passwords patch path pattern pause pausing pay pays pbs peak peer pending people per percent percentage percentages
performance performed perhaps period permanent permission permitted perslot person perswitch phase phrase phy
physical pi picked piece ping pinned pins pipe pipelines pir place places plain plan platform please plist pn points
policies policy pon pop port ports position positions post pots power pp ppp pppoe pps pre precision preferred
prefix prefixes preparation prepare present press pressed pri primary print printable printed prints prio priorities
priority pritag private privilege privileged processor processors product profile profiles program progress
prohibited prompt prompts property proposal proposed proposes prot protect protocol proves provisioned provisioning
pty public publish published pure purpose push put puts pvid pw py qin qinq qmode qo qos quality quantity query
question questions queue queues quit quotation quoted rack radio raio raise raised raises ran range rate rates
rather raw re reach reached reaches read readable reader reading readme reads ready real realigned reason reboot
receive received receiver recognise recommended record redacted redaction reduction reenter refer reference
referenced referred refers refusal refusals refuse refused refuses register registered registering registers
registration registrations regular rehearsals rejected rejections rejects related release reload remark remote
remove removed removes removing rename repeated repeatedly repeats repetition replace replaces replies reply report
reports repository requested requests required reservation reserved reset resolved resource resources response rest
restart restore restricted restriction result resume retry retryable retrying return returns rev reveal rfc right
rightly rights ring rises roll rollback rollbacking rolled room round route routed routers routes routing row rows
rpm rsa rtt rule rules run running runs rx safe said same satisfied save saved saving say saying says sch screen
script scripts scroll scrolled search searched second secondary seconds secret secrets section sections secur
security see seen sees send sends sensitive sent sentence sentences separate sequence serial serials series serv
serve server servers serves service services serving session sessions set sets setting settings several shape share
shared shelf shell shells shifted shipped sho short shorter should show showed shown shows shutdown si side sides
sign signal signals signature significant signs silence silent silently simulated simulator simulators since single
sip sipagent sippstnuser sir site sites size slashes slave slot slotid slots slow slugged smart smartax smartaxmmi
sn snapshot snmp so socket sockets soft software some someone something sometimes sort source sources space spaces
special specification specified speed spelling spellings split splitter spoken sr src srv srvprofile ssh ssid ssids
stack stacking stand standard standby stands start starts startup state stated statement states static station
stations statistic statistics status stay stays step steps still stood stop stops storage stored storm str stream
strikes string strong stumbled stumbles style sub subclass subclasses subnet succeed succeeds success successful
successfully such suggested summary support supported suppress sure surplus survival suspend svlan swallows switch
switched switcher switches switchport sync syncing syntax sys sysman sysname system sysuptime table tables tag
tagged take taken takes talk target task tcont tconts tcp td tdm technologies tell tells telnet temp temperature
temperatures templates temporarily temporary term terminal test tests text texts than that the their theirs them
themselves then there these they thing this those though three thresh threshold through time timed timeout times
titan title titles tls to together told tolerant too took total totals touched towards tpid tr traceroute trade
traffic trailing transceiver transcripts transform transient translate translation translations transmitter
transparency transparent transport transports treat treats tried tries triggers trip trips trouble truly trunk trust
trusted try ts turn turning turns twice twin two tx txt type typed typemismatch types typing unable unanswered
unasked unassigned unavailable unbind unbound uncfg uncommitted unconcern undefined under underneath underscore
understood undo unexplained uni unicast unique unislot unit unknown unless unlike unlimited unlock unreachable
unread unreadable unrecognized unredacted unregistered unsaved unseen unsuccessful unsupported untag untagged until
unverified up update upgrade upgrading uplink upper upstream uptime url us usable usage use used user username users
uses using usually utc utf utilization valid validate validation value values variants varies vary vc vdsl veip vend
vendor vendors ver verify version versions vid view violates violation virtual vlan vlanid vlans vo voice voip
voltage vouched vp vpi vport vports vxl vxlan wait waited waiting waits wan wans wanted wants warning was watched
way ways we web weight welcome went were what whatever when where wherever whether which whichever while white
whitelist who whoever whole whose whosever wi wide widens wider width wifi will window wins wipe wipes wire wireless
wiring wish wished with within without wizard wlan word wording wordings words work worked worker working works
would wpa wr wrap wrapped wraps write writes writing written wrong xff xg xgei xgpon xgpononu xgs xgspon xml xpon
yaml year years yes yet yields you your ytti zero zone zte zteg zteolt zxa zxan zxros
gponmgr gponrm gponcfg ponmgr onumgr ontmgr ontmng vlanmgr cfgmgr
""".split()
)
"""Of captures, manuals and our own messages, in small letters."""
