"""Real data of other packages, of which no candidate is made: what real data of all kinds look like by themselves.

Used only to say how features vary between real corpora (fit_alone.py). Left out are the sources of
registration.toml, development and test, what shares data with one of them (Fertility is `mothers`, vic_elec is
`electricity`, Ecdat/MedExp is of the study of `doctor-contacts`, entries of dict-jargon are in `foldoc`), simulated
data, and second copies of the same data in other packages.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from ..modalities.modality import Name
from .packages import rdataset
from .text import TextSource, read

TEXTS: Final = (
    TextSource("manpages-fr", "manpages-fr", "*/man/fr/*.gz", "roff", language="fr"),
    TextSource("manpages-es", "manpages-es", "*/man/es/*.gz", "roff", language="es"),
    TextSource("manpages-it", "manpages-it", "*/man/it/*.gz", "roff", language="it"),
    TextSource("fortunes-de", "fortunes-de", "*/games/fortunes/de/*", "fortune", "*.*", "de"),
    TextSource("fortunes-it", "fortunes-it", "*/games/fortunes/it/*", "fortune", "*.*", "it"),
    TextSource("debian-reference", "debian-reference-en", "*.html", "html"),
    TextSource("debian-policy", "debian-policy", "*.html", "html"),
    TextSource("exim", "exim4-doc-html", "*.html", "html"),
    TextSource("zsh", "zsh-doc", "*.html", "html"),
    TextSource("django", "python-django-doc", "*/html/*/*.html", "html", "*/_modules/*"),
    TextSource("debian-faq", "debian-faq", "*.en.html", "html"),
)
_TABLES: Final = """
AER/CollegeDistance AER/CPS1988 AER/CPSSWEducation AER/DoctorVisits AER/GSS7402 AER/HealthInsurance AER/NMES1988
AER/PSID7682 AER/ResumeNames AER/SmokeBan asaur/ashkenazi asaur/prostateSurvival boot/amis carData/Arrests
carData/BEPS carData/CES11 carData/Chile carData/GSSvocab carData/KosteckiDillon carData/SLID carData/Vocab
carData/Wells carData/WVS causaldata/abortion causaldata/adult_services causaldata/black_politicians
causaldata/close_college causaldata/credit_cards causaldata/gov_transfers causaldata/mortgages
causaldata/restaurant_inspections causaldata/scorecard causaldata/thornton_hiv COUNT/azcabgptca COUNT/azdrg112
COUNT/azpro COUNT/mdvis COUNT/rwm5yr DAAG/cps1 DAAG/cps2 DAAG/cricketer DAAG/dengue DAAG/edcT DAAG/headInjury
DAAG/monica DAAG/psid1 DAAG/spam7 dslabs/movielens dslabs/polls_us_election_2016 Ecdat/Benefits Ecdat/BudgetFood
Ecdat/BudgetItaly Ecdat/BudgetUK Ecdat/Catsup Ecdat/Computers Ecdat/Cracker Ecdat/Hdma Ecdat/Kakadu Ecdat/Ketchup
Ecdat/LaborSupply Ecdat/Males Ecdat/PatentsHGH Ecdat/PSID Ecdat/RetSchool Ecdat/Schooling Ecdat/Star
Ecdat/SumHes Ecdat/Tobacco Ecdat/Train Ecdat/Tuna Ecdat/UnempDur Ecdat/VietNamH Ecdat/VietNamI Ecdat/Wages
Ecdat/Wages1 Ecdat/Workinghours Ecdat/Yogurt gapminder/gapminder geepack/muscatine gt/pizzaplace heplots/TIPI
HLMdiag/wages HSAUR/Forbes2000 ISLR/Wage KMsurv/pneumon lme4/InstEval lme4/VerbAgg MASS/Aids2 MASS/nlschools
mediation/student medicaldata/covid_testing mlmRev/Chem97 mlmRev/Contraception mlmRev/egsingle mlmRev/Exam
mlmRev/Gcsemv mlmRev/guImmun mlmRev/Hsb82 mlmRev/ScotsSec mlmRev/star modeldata/check_times modeldata/credit_data
modeldata/deliveries modeldata/hotel_rates modeldata/hpc_data modeldata/lending_club modeldata/mlc_churn
modeldata/stackoverflow modeldata/wa_churn mosaicData/SaratogaHouses mosaicData/TenMileRace mstate/ebmt2
mstate/ebmt4 nlme/MathAchieve nycflights13/planes openintro/acs12 openintro/birds openintro/email openintro/gss2010
openintro/military openintro/mn_police_use_of_force openintro/pew_energy_2018 openintro/seattlepets
openintro/smoking openintro/ucla_f18 openintro/yrbss ordinal/soup plm/Parity plm/Snmesp pscl/politicalInformation
psych/bfi sampleSelection/nlswork sandwich/InstInnovation Stat2Data/FinalFourIzzo Stat2Data/Gunnels
Stat2Data/Kershaw Stat2Data/MathPlacement Stat2Data/SuicideChina stevedata/anes_partytherms stevedata/anes_prochoice
stevedata/ESS9GB stevedata/gss_spending stevedata/mm_nhis stevedata/nesarc_drinkspd stevedata/TV16
stevedata/usa_migration stevedata/USFAHR stevedata/wvs_immig stevedata/wvs_justifbribe vcd/Bundesliga
wooldridge/airfare wooldridge/alcohol wooldridge/benefits wooldridge/bwght2 wooldridge/catholic
wooldridge/census2000 wooldridge/charity wooldridge/crime1 wooldridge/elem94_95
wooldridge/expendshares wooldridge/fertil2 wooldridge/gpa2 wooldridge/happiness wooldridge/injury
wooldridge/k401ksubs wooldridge/meap01 wooldridge/school93_98 wooldridge/twoyear
"""
SERIES: Final = (
    ("boot/manaus", "value", ""),
    ("datasets/sunspot.month", "value", ""),
    ("datasets/treering", "value", ""),
    ("quantreg/MelTemp", "value", ""),
    ("AER/GoldSilver", "gold", ""),
    ("AER/MarkPound", "value", ""),
    ("evir/bmw", "dat", ""),
    ("texmex/wavesurge", "wave", ""),
    ("stevedata/ukg_eeri", "value", ""),
    ("fpp3/us_gasoline", "Barrels", ""),
    ("forecast/taylor", "x", ""),
    ("crch/RainIbk", "rain", ""),
    ("itsadug/eeg", "Ampl", "Electrode"),
    ("mosaicData/Weather", "avg_wind", "city"),
    ("mosaicData/Weather", "avg_humidity", "city"),
    ("ggplot2/txhousing", "sales", "city"),
    ("ggplot2/txhousing", "median", "city"),
    ("Ecdat/Garch", "dm", ""),
    ("dslabs/us_contagious_diseases", "count", "state"),
    ("gt/countrypops", "population", "country_name"),
    ("datasets/EuStockMarkets", "DAX", ""),
    ("stevedata/LOTI", "value", ""),
    ("DAAG/edcCO2", "co2", ""),
)
WINDOW: Final = 12
NAMES: Final[dict[Name, tuple[str, ...]]] = {
    "text": tuple(source.name for source in TEXTS),
    "table": tuple(_TABLES.split()),
    "series": tuple(f"{item} {value}" for item, value, _ in SERIES),
}


def load(modality: Name, name: str) -> pa.Table:
    """All rows, as a user would bring them. Raises SourceUnavailable."""
    if modality == "text":
        rows = read(next(source for source in TEXTS if source.name == name)).rows
        return pa.table({"text": pa.array(rows, pa.string())})
    if modality == "series":
        return _windows(*next(one for one in SERIES if f"{one[0]} {one[1]}" == name))
    frame = rdataset(*name.split("/")).drop(columns="rownames")
    return pa.Table.from_pandas(frame, preserve_index=False)


def _windows(item: str, value: str, group: str) -> pa.Table:
    """Windows that do not overlap, in the order of the file; those with gaps are left out."""
    frame = rdataset(*item.split("/"))
    groups = [some for _, some in frame.groupby(group, sort=False)] if group else [frame]
    windows = []
    for some in groups:
        steps = some[value].to_numpy(float)
        cut = steps[: len(steps) // WINDOW * WINDOW].reshape(-1, WINDOW)
        windows += [window for window in cut if not np.isnan(window).any()]
    return pa.table({"value": pa.array([window.tolist() for window in windows], pa.list_(pa.float64()))})
