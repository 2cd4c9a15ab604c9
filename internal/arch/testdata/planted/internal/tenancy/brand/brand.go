package brand
