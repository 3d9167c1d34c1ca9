import re

import pytest

from netloom import errors


def tree(base):
    return [base, *(one for child in base.__subclasses__() for one in tree(child))]


@pytest.mark.parametrize("error", tree(errors.NetloomError), ids=lambda error: error.__name__)
def test_the_tree_of_errors_names_every_error(error):
    if error.__module__ == errors.__name__:
        assert re.search(rf"^[│├└─ ]*{error.__name__}\b", errors.__doc__, re.MULTILINE)
