"""Close languages that the voters confuse, distinguished by words that one writes and the other does not.

The lists are ours and hold common words whose form differs by rule (Indonesian karena, Malay kerana; Serbian mesto,
Croatian and Bosnian mjesto), none that belongs to a topic and none that both languages have.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_INDONESIAN = """
agustus aktivitas apakah bahwa berbeda besok bisa bisnis bus butuh coba delapan desember dokter film gratis gubernur
informasi inggris istri jumat juli juni kabupaten kalian kamis kantor karena karyawan kawin kebutuhan kecamatan
kemarin kesehatan kewarganegaraan kualitas kursi listrik maret mau maupun membutuhkan mencoba menit mobil musik nomor
pabrik pengadilan perkawinan persen perusahaan polisi pria provinsi resmi rusak sedangkan senin sepeda situs sore
taksi telepon toko uang ujung universitas yaitu
"""
_MALAY = """
aktiviti antarabangsa awak bahawa bahawasanya basikal berbeza cikgu disember doktor encik enjin esok filem gabenor
hendaklah hospital hujung ialah ianya iaitu ibubapa inggeris isnin isteri jantina jawatankuasa jumaat kahwin kanak
kedai kerana kerusi kesihatan khamis kualiti lapan lori mahu manakala menerusi minit motosikal muzik nombor ogos
pejabat pengerusi peratus perkahwinan perkhidmatan perlembagaan perniagaan pertubuhan petang rasmi rosak sahaja sains
sebarang sekiranya selepas semasa sesiapa setiausaha seterusnya syarikat tarikh teksi telefon ugama universiti wang
"""
# The sound yat became e in Serbian's standard, ije or je in Croatian's and Bosnian's.
_EKAVIAN = """
beli belo bezbedno bezbednost bezbednosti breg celi celo celu cena cene cenu ceo čovek čoveka čoveku cveće deca dece
deci dečak dečaci dečaka delo delova delove deo dete devojčica devojka devojke dve gde hleb hteli hteo lek lekar
lekari leto lepo lepa levo mera mere merama mesec meseca meseci mesta mesto mestu mleko nedelja nedelje nedelju negde
nemački nigde obe ocena ocene odeća ovde pesma pesme pesnik peva pevati ponedeljak posle posledice poslednji poslednje
pre primena primene primer primera promena promene razume razumeti razumeo reč reči reka reke rešenje rešenja rešiti
savest seća sećam sećanje sede sedeti sedi sledeća sledeće sledeći sme smeju smer sneg sreda svest svetu telo telu
umeti uspeh uspeo uvek vera vere veru verovatno veruje vest vesti vetar vežba vežbe videli videti volela voleo voleti
vreme vremenom vrednost vrednosti zahtev zvezda zvezde želela želeo želeti živela živeli živeo živeti
"""
_IJEKAVIAN = """
bijeli bijelo brijeg cijela cijele cijeli cijelo cijelu cijena cijene cijenu cvijeće čovjek čovjeka čovjeku djeca
djece djeci dječak dječaci dječaka djelo djevojčica djevojka djevojke dijelova dijelove dijete dio dvije gdje hljeb
htjeli htio lijek ljekar lijepa lijepo lijevo ljeto mjera mjere mjerama mjesec mjeseca mjeseci mjesta mjesto mjestu
mlijeko nedjelja nedjelje nedjelju negdje nigdje njemački obje ocjena ocjene odjeća ovdje pjesma pjesme pjesnik pjeva
pjevati ponedjeljak posljedice posljednje posljednji poslije prije primjena primjene primjer primjera promjena
promjene razumije razumjeti rijeka rijeke riječ riječi rješenja rješenje riješiti savjest sjeća sjećam sjećanje sjede
sjedi sjediti sjedjeti sljedeća sljedeće sljedeći smije smiju smjer snijeg srijeda svijest svijet svijeta svijetu
tijelo tijelu umjeti uspjeh uspio uvijek vidjeli vidjeti vijest vijesti vjera vjere vjeru vjeruje vjerojatno
vjerovatno vjetar vježba vježbe voljela volio voljeti vrijeme vrijednost vrijednosti zahtjev zvijezda zvijezde željela
želio željeti živjela živio živjeli živjeti
"""
ENOUGH = 2  # required words of one side ...
CLEARLY = 3  # ... and their required multiple of the other side's

_WORD = re.compile(r"[^\W\d_]+")


class Siblings(NamedTuple):
    """Languages that words distinguish, in two sides. The voters choose within a side."""

    members: frozenset[str]  # all these languages
    sides: tuple[tuple[frozenset[str], frozenset[str]], ...]  # languages and words of each

    def tell(self, text: str) -> tuple[frozenset[str], float]:
        """The languages of the side whose words the text has and their share among the words of both; none if that
        is not clear.

        >>> sorted(SIBLINGS[1].tell("Gdje je dijete? Ovdje je uvijek bilo lijepo.")[0])
        ['bs', 'hr', 'sh']
        """
        words = _WORD.findall(text.lower())
        (ours, our_words), (theirs, their_words) = self.sides
        a, b = (sum(word in side for word in words) for side in (our_words, their_words))
        if a >= max(ENOUGH, CLEARLY * b):
            return ours, a / (a + b)
        return (theirs, b / (a + b)) if b >= max(ENOUGH, CLEARLY * a) else (frozenset(), 0.0)


def _siblings(**sides: str) -> Siblings:
    made = tuple((frozenset(names.split("_")), frozenset(words.split())) for names, words in sides.items())
    return Siblings(frozenset().union(*(languages for languages, _ in made)), made)


SIBLINGS = (_siblings(id=_INDONESIAN, ms=_MALAY), _siblings(sr=_EKAVIAN, hr_bs_sh=_IJEKAVIAN))
