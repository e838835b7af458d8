"""Canonical JSON: the quick way and the thorough way write the same bytes, or both refuse."""

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from cardcase.kit import canonical

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
def test_the_quick_writing_is_that_of_rfc_8785(value):
    try:
        expected = rfc8785.dumps(value)
    except rfc8785.CanonicalizationError:
        with pytest.raises(ValueError):
            canonical.encode(value)
    except UnicodeEncodeError:  # a key that is half of a surrogate pair: the thorough way raises what its sorting met
        with pytest.raises(ValueError):
            canonical.encode(value)
    else:
        assert canonical.encode(value) == expected
