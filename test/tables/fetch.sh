#!/bin/sh
# Real tables out of Debian packages, as CSV files in FOLDER/csv: fetch.sh FOLDER
#
# The packages are downloaded and unpacked in FOLDER, not installed. FOLDER lies outside of the repository,
# which holds no table. Needs apt-get, Rscript and python3.
#
#   weka              GPL-2+, University of Waikato: its example ARFF files, mostly from the UCI repository
#   r-cran-mlbench    GPL-2, Friedrich Leisch and Evgenia Dimitriadou: tables of the UCI repository and others
#   r-cran-modeldata  MIT, Max Kuhn and RStudio: the tables of the tidymodels packages
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1/csv"
cd "$1"
: >versions.txt
for package in weka r-cran-mlbench r-cran-modeldata; do
  if [ ! -d "$package" ]; then
    apt-get download -qq -o APT::Sandbox::User=root "$package"
    dpkg -x "$package"_*.deb "$package"
  fi
  dpkg-deb -f "$package"_*.deb Package Version | paste - - | sed 's/[A-Za-z]*: //g' >>versions.txt
done
Rscript --vanilla "$here/frames.R" .
for file in weka/usr/share/doc/weka/examples/*.arff; do
  python3 "$here/arff.py" "$file" "csv/weka_$(basename "$file" .arff).csv"
done
touch complete
